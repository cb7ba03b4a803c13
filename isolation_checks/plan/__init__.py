"""What a plan may say, how it is read, and when it is refused."""
