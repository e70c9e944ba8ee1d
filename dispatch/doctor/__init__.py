"""Says why a campaign does not move, when one that moves will end, and what the installation lacks.

diagnosis      what `doctor` answers
words          times as people read them
codes          every reason, and whether a person has to do something about it
facts          what is looked at once: heartbeats, queues, Redis
redis_state    how Redis is
refusals       what a refused start says to people
starting       campaigns that have not begun to send
sending        campaigns that are sending or have sent
winners        completed campaigns whose held-back people wait
paused         who or what paused them
installation   processes, clock, schema, disk, Redis, keys
webhooks       webhooks that were switched off
callbacks      providers whose callbacks are refused
keys           API keys whose end would stop someone
sealed         credentials and secrets that the present keys cannot open
"""
