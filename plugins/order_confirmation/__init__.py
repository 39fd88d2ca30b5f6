"""Order confirmation."""
