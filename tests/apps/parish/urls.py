from django.urls import path
from parish import views

urlpatterns = [
    path("health", views.health),
    path("signup", views.sign_up),
    path("login", views.log_in),
    path("contact", views.contact),
    path("conversion", views.conversion),
]
