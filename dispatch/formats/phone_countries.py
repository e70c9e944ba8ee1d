"""Which numbers are of some countries, as one pattern that PostgreSQL and Python read alike.

Several countries may share a code: +1 is that of the United States, Canada and most of the Caribbean, +44 that of the
United Kingdom and three islands. Which of them a number is of is decided as libphonenumber's
`region_code_for_number` decides it, with its data: by the first whose leading digits or numbers it has.
"""

import re
from collections.abc import Collection, Iterator

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata


def pattern_of(countries: Collection[str]) -> str:
    """Returns the pattern of the numbers (E.164) of these countries (two letters); of none, it matches no number."""
    return rf"^\+(?:{'|'.join(_parts(frozenset(countries))) or '(?!)'})$"


def _parts(countries: frozenset[str]) -> Iterator[str]:
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        if countries.isdisjoint(regions):
            continue
        if len(regions) == 1:
            yield rf"{code}\d+"
            continue
        earlier: list[str] = []
        for region in regions:
            numbers = _numbers_of(region)
            if region in countries:
                others = f"(?!(?:{'|'.join(earlier)})$)" if earlier else ""
                yield f"{code}{others}(?:{numbers})"
            else:
                earlier.append(numbers)


def _numbers_of(region: str) -> str:
    """Returns the pattern of the region's national numbers."""
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        raise ValueError(f"no region: {region}")
    if metadata.leading_digits:
        return rf"(?:{metadata.leading_digits})\d*"
    kinds = (
        *(metadata.fixed_line, metadata.mobile, metadata.toll_free, metadata.premium_rate, metadata.shared_cost),
        *(metadata.personal_number, metadata.voip, metadata.pager, metadata.uan, metadata.voicemail),
    )
    patterns = {kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern}
    # The data is laid out over several lines.
    return "|".join(sorted(re.sub(r"\s", "", pattern) for pattern in patterns))
