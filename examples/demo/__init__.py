"""Drive the budgeting site as two people would, then show and check who got whose data."""
