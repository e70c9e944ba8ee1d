"""The same promises for answers to replies, whose owner is every sweeper."""

I5 = {
    "Answers to replies in flight two minutes after their lease ended": """
        SELECT account_id, 'reply' || reply_id AS id FROM reply_answer
        WHERE state = 'sending' AND lease_until < now() - interval '2 minutes'""",
    "Answers to replies that still wait ten minutes after they would have come too late": """
        SELECT account_id, 'reply' || reply_id AS id FROM reply_answer
        WHERE state = 'waiting' AND expires_at < now() - interval '10 minutes'""",
}

I12 = {
    "Answers to a reply of another account, or through a provider that is another's": """
        SELECT a.account_id, 'reply' || a.reply_id AS id
        FROM reply_answer a JOIN reply r ON r.id = a.reply_id JOIN provider p ON p.id = a.provider_id
        WHERE a.account_id IS DISTINCT FROM r.account_id OR a.provider_id <> r.provider_id
           OR p.account_id <> a.account_id""",
}
