"""The server engine. Nothing here is public: the front door is `certsim`."""
