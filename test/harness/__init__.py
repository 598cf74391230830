"""The harness of the end-to-end scenarios: real programs, real sockets, nothing mocked."""
