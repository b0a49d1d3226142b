"""An ordinary application, stand-ins for its vendors, and the demo that drives both."""
