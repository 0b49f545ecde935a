"""Django: migrations of its own applications, models, transactions, iterators, introspection, on psycopg 2."""
import os
import sys

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
        "PASSWORD": os.environ["PGPASSWORD"], "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"]}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django.contrib.postgres"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True, SECRET_KEY="not one", PASSWORD_HASHERS=[
        "django.contrib.auth.hashers.MD5PasswordHasher"])
django.setup()

from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Count, F, Q, Window
from django.db.models.functions import Rank

call_command("migrate", verbosity=1, stdout=sys.stdout)
call_command("migrate", verbosity=1, stdout=sys.stdout)
call_command("showmigrations", stdout=sys.stdout)


class Thing(models.Model):
    name = models.CharField(max_length=40, unique=True)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    more = models.JSONField(default=dict)
    at = models.DateTimeField(null=True)
    owner = models.ForeignKey(User, models.CASCADE, null=True)

    class Meta:
        app_label = "things"
        indexes = [models.Index(fields=["price"], name="by_price")]


with connection.schema_editor() as editor:
    editor.create_model(Thing)
    field = models.IntegerField(default=7)
    field.set_attributes_from_name("added")
    editor.add_field(Thing, field)
    editor.remove_field(Thing, field)

user = User.objects.create_user("ada", password="x")
user.groups.add(Group.objects.create(name="readers"))
user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
print(sorted(user.get_all_permissions()))
Thing.objects.bulk_create([Thing(name=f"t{i}", price=i, more={"i": i, "odd": i % 2 == 1}, owner=user) for i in range(300)], batch_size=100)
print(Thing.objects.filter(Q(more__odd=True) & Q(price__lt=10)).order_by("-price").values_list("name", flat=True))
print(Thing.objects.filter(name__startswith="t1").update(price=F("price") + 1))
print(list(Thing.objects.values("owner__username").annotate(n=Count("id"))))
print(list(Thing.objects.filter(price__lt=4).annotate(rank=Window(Rank(), order_by=F("price").desc())).values_list("name", "rank").order_by("name")))
print(Thing.objects.select_related("owner").get(name="t5").owner.username)
print(Thing.objects.update_or_create(name="t5", defaults={"price": 50})[1], Thing.objects.get_or_create(name="new")[1])
print(sum(1 for _ in Thing.objects.iterator(chunk_size=50)))
try:
    with transaction.atomic():
        Thing.objects.create(name="inside")
        try:
            with transaction.atomic():
                Thing.objects.create(name="t5")
        except IntegrityError as e:
            print(str(e).strip())
        print(Thing.objects.select_for_update().filter(name="t6").get().name)
        raise ValueError("leave")
except ValueError:
    print(Thing.objects.filter(name="inside").exists())
session = SessionStore()
session["a"] = 1
session.save()
print(SessionStore(session_key=session.session_key)["a"])
print(connection.introspection.table_names())
with connection.cursor() as cursor:
    print([c.name for c in connection.introspection.get_table_description(cursor, "things_thing")])
    print(sorted(connection.introspection.get_constraints(cursor, "things_thing").items()))
    print(connection.introspection.get_sequences(cursor, "things_thing"))
    cursor.execute("SELECT %s, %s", ["a", 1])
    print(cursor.fetchall())
print(Thing.objects.filter(name="t1").explain().splitlines()[0].split("(")[0])
call_command("inspectdb", "auth_group", stdout=sys.stdout)
with connection.schema_editor() as editor:
    editor.delete_model(Thing)
call_command("flush", interactive=False, verbosity=0)
print(User.objects.count())
connection.close()
