"""How platforms speak: presets as data, and the pure functions that apply them."""
