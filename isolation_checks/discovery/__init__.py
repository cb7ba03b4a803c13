"""Where in a platform's database the words and ids of a run turn up, as a plan would say it."""
