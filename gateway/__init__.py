"""The HME EDI gateway: claims out, answers in, every cent posted once."""

__version__ = "0.1.0"
