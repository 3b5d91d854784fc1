"""AWS Controllers for Kubernetes, in Python. ARCHITECTURE.md says what each package turns into what."""

__version__ = "0.1.0"
