"""The console: pages in a browser over the same functions of `dispatch` as the API, for the key one signs in with.

blueprint   registers pages and forms with their rules, and checks each request: signed in, for one account, with the
            token of its form
sessions    who is signed in: a cookie names a session, which stands for a key
forms       what every form carries (token, page, account), and how what was typed outlives a session
refusals    every refusal as a page, in the words and with the status of the API
assets      the files that pages load, which browsers may keep
rendering   templates, with what the frame around each page shows; words (numbers, times, states as people read them)
asked       what the address of a list asks for; sentences (what the API lists by codes, in words)
campaign_form  what is typed to write a campaign (its own map)
attributes  those of a customer as rows of a form; suppressing (a number, for a reason)
segment_rows  the filter of a segment as rows of a form
calendars   a month, and what is due on its days
navigation  the menu: what there is for which scope
pages       the pages themselves; site imports all of them
"""
