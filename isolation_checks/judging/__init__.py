"""From what the checks say to a judgement; nothing here looks at evidence by itself."""
