"""Batches and results over a broker: the only room that knows AMQP and Celery."""
