"""Tells accounts what becomes of their campaigns and messages, by signed requests to their own addresses.

webhooks    added, listed, tested, replayed, switched on, removed
addresses   which may be named
events      written of messages, off the send path
payload     what is sent
sending     each delivery, until it succeeds or a day has passed
resealing   of their secrets, with a new key
retention   what is kept for how long
"""
