"""What manage.py can be told."""
