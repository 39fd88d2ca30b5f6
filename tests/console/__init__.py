"""The console, with a running gateway behind it."""
