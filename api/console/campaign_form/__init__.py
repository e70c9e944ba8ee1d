"""The form that writes a campaign.

written     everything that is typed, made into a draft or into changes of a campaign; it has
approved    a WhatsApp template and what fills it → fills (the parameters of its text)
compared    several texts, and how the best is chosen
timed       when it starts and whom it reaches when → repeated (how often)
problem     what cannot be used of it, in the words of the form
beside      what it would say to whom, and what that costs; expensive (characters, marked in the text)
stored      its text, taken from one that the account has stored
audience    who it is for; choices (the lists, segments and customers to choose from, and time zones)
"""
