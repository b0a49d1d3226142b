from django.db import models


class User(models.Model):
    email = models.CharField(max_length=200, unique=True)
    password_hash = models.CharField(max_length=64)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    phone = models.CharField(max_length=30)
    birthday = models.DateField()
    city = models.CharField(max_length=100)
    income = models.IntegerField()

    class Meta:
        db_table = "users"
