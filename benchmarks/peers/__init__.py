"""The same campaign through other job queues, in batches: small programs of our own, each as its documentation says.

work (what a job does) → celery_app, rq_app; bullmq/ (the same in JavaScript); installing (what each needs), running.
"""
