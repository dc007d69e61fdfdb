from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0006_schedule_changes_updates_and_questions")]

    operations = [
        migrations.AddField(
            model_name="update",
            name="subscribers_written_to",
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
    ]
