"""The couriers most Indonesian shops hand their parcels to, with their tracking pages.

Not every page fills the number in by itself; buyers can copy it from the order.
"""

from django.db import migrations

CARRIERS = {
    "JNE": "https://www.jne.co.id/tracking-package?awb={number}",
    "J&T": "https://jet.co.id/track?awb={number}",
    "SiCepat": "https://www.sicepat.com/checkAwb?awb={number}",
    "POS": "https://www.posindonesia.co.id/id/tracking/{number}",
    "AnterAja": "https://anteraja.id/tracking/{number}",
}


def add(apps, schema_editor):
    carrier = apps.get_model("fulfillment", "Carrier")
    rows = [carrier(name=name, tracking_url=url) for name, url in CARRIERS.items()]
    carrier.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [
        ("fulfillment", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(add, migrations.RunPython.noop, elidable=False),
    ]
