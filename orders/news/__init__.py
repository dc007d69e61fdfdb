"""The clock of news: who has been silent, who asks, and who is warned."""
