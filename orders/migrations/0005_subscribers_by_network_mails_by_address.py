from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_what_senders_of_mail_share")]

    operations = [
        migrations.AddField(
            model_name="subscriber",
            name="network",
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddIndex(
            model_name="subscriber",
            index=models.Index(
                fields=["created_at"],
                condition=models.Q(
                    confirmed_at__isnull=True, unsubscribed_at__isnull=True
                ),
                name="subscriber_unconfirmed",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["to"], name="message_by_address"),
        ),
    ]
