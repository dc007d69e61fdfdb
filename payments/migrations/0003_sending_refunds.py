from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_real_gateways")]

    operations = [
        migrations.AddField(
            model_name="refund",
            name="sent_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="declined_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
