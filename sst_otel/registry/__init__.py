"""Tagged values in memory."""
