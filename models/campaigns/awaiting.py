"""Campaigns that will start by themselves, so that whoever changes their list or segment decides whom they go to.

Each is SQL that selects one such campaign, or NULL.
"""

_SCHEDULED = "'scheduled' IN (c.status, c.paused_from)"
_HAS_PART = "EXISTS (SELECT FROM audience_part part WHERE part.campaign_id = c.id AND part.{} = %({})s AND {})"

#: Goes to the account's list. A recurring campaign is for whoever is on it each time, which is what lists are kept for.
OF_LIST = f"""(SELECT min(c.id) FROM campaign c WHERE c.account_id = %(account)s AND {_SCHEDULED}
               AND (c.list_id = %(list)s OR {_HAS_PART.format("list_id", "list", "part.role = 'include'")}))"""
#: Leaves out those on the account's list.
BUT_LIST = f"""(SELECT min(c.id) FROM campaign c WHERE c.account_id = %(account)s AND {_SCHEDULED}
                AND {_HAS_PART.format("list_id", "list", "part.role = 'exclude'")})"""
#: Goes to, or leaves out, those whom the segment's filter selects.
OF_SEGMENT = f"""(SELECT min(c.id) FROM campaign c
                  WHERE c.account_id = segment.account_id
                    AND ({_SCHEDULED} OR 'recurring' IN (c.status, c.paused_from))
                    AND (c.segment_id = %(id)s OR {_HAS_PART.format("segment_id", "id", "true")}))"""
