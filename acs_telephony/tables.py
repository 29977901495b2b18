"""The route tables that every page and every test calls by name.

`microsoft_three_routes` is the example of direct-routing-provisioning.md (2023-06-22), as meant or as printed.
`contoso` is a made company, faults and all; `generated` makes a table of any size. Their SBCs exist nowhere.
"""

from __future__ import annotations

from random import Random

from acs_telephony.errors import AnswerError
from acs_telephony.models import MOST_ROUTES, Resource, SipConfiguration, Trunk, VoiceRoute


def microsoft_three_routes(*, as_printed: bool = False) -> Resource:
    r"""Microsoft's example: two routes for +1 425 and +1 206, one standby for the other, and one for the rest of +1.

    The page prints the third pattern as `^+1(\d[10])$`, which no such number matches; `as_printed` keeps it so.
    """
    third = r"^+1(\d[10])$" if as_printed else r"^\+1(\d{10})$"
    redmond = r"^\+1(425|206)(\d{7})$"
    return _resource(
        "contoso.biz",
        ("sbc1", "sbc2", "sbc3", "sbc4", "sbc5"),
        [
            ("Redmond 1", redmond, "sbc1 sbc2"),
            ("Redmond 2", redmond, "sbc3 sbc4"),
            ("Other +1", third, "sbc5"),
        ],
    )


def contoso() -> Resource:
    """A made company: 4 SBCs, 60 routes, numbers of Voice Calling (PSTN) in two countries, and some faults.

    Which faults, and the number that shows each, is written down in tests/cases/contoso.toml.
    """
    routes = []
    for line in _CONTOSO.strip().splitlines():
        name, trunks, pattern = line.split(maxsplit=2)
        routes.append((name, pattern, trunks.replace(",", " ")))
    numbers = ("+14255550111", "+14255550112", "+442079460111")
    return _resource("contoso.com", ("ams1", "ams2", "iad1", "sin1"), routes, numbers)


def generated(n: int, seed: int) -> Resource:
    """A table of `n` routes (1 to 250) with blocks of several countries, always the same for the same seed."""
    if not 1 <= n <= MOST_ROUTES:
        raise AnswerError(f"{n} routes", place="n", remedy=f"Use 1 to {MOST_ROUTES}.")
    random = Random(seed)  # noqa: S311 (a made table is no secret)
    trunks = tuple(f"sbc{i}" for i in range(1, 9))
    routes = []
    for i in range(n):
        country = random.choice(("1", "31", "32", "44", "49", "33", "61", "81", "90", "971"))
        area = "".join(random.choices("23456789", k=random.randint(1, 3)))
        rest = random.choice((r"\d{6,8}", r"\d{7}", r"\d+", r"[0-4]\d{5,7}", r"(5|6)\d{4,9}"))
        routes.append((f"route {i + 1}", rf"^\+{country}{area}{rest}$", " ".join(random.sample(trunks, 2))))
    return _resource("example.com", trunks, routes, ())


def _resource(
    domain: str, hosts: tuple[str, ...], routes: list[tuple[str, str, str]], numbers: tuple[str, ...] = ()
) -> Resource:
    """Trunks by their host names, routes as (name, pattern, host names)."""
    trunks = tuple(Trunk(fqdn=f"{host}.{domain}", sip_signaling_port=5061) for host in hosts)
    voice_routes = tuple(
        VoiceRoute(name=name, number_pattern=pattern, trunks=tuple(f"{host}.{domain}" for host in to.split()))
        for name, pattern, to in routes
    )
    configuration = SipConfiguration(trunks=trunks, routes=voice_routes)
    return Resource(configuration=configuration, purchased_numbers=numbers)


#: name, trunks, pattern; in the order of their priority.
_CONTOSO = r"""
nl-amsterdam          ams1,ams2       ^\+3120\d{7}$
nl-rotterdam          ams1,ams2       ^\+3110\d{7}$
nl-the-hague          ams1,ams2       ^\+3170\d{7}$
nl-fixed              ams2,ams1       ^\+31[1-57]\d{8}$
nl-mobile-low         ams1            ^\+316[1-4]\d{7}$
nl-mobile-high        ams2            ^\+316[058]\d{7}$
nl-mobile             ams1,ams2       ^\+316[1-58]\d{7}$
nl-freephone          ams1            ^\+31800\d{4,7}$
nl-premium            ams2            ^\+3190\d{5,8}|8[47]\d{7}$
be-brussels           ams1,ams2       ^\+322\d{7}$
be-fixed              ams1,ams2       ^\+32[1-35-9]\d{7}$
be-mobile             ams2            ^\+324[5-9]\d{7}$
be-antwerp            ams2            ^\+3 23\d{7}$
lu-all                ams1            ^\+352\d{6}
de-berlin             ams1,ams2       ^\+4930\d{3,11}$
de-munich             ams1,ams2       ^\+4989\d{3,11}$
de-mobile             ams2            ^\+491(5\d|6[023]|7\d)\d{7,8}$
de-fixed              ams1,ams2       ^\+49[2-9]\d{3,13}$
de-freephone          ams1            ^+49800\d{7}$
at-all                ams2            ^\+43\d{4,13}$
ch-fixed              ams1,ams2       ^\+41(2[12467]|3[1-4]|4[1-4]|5[2568]|6[12]|71|81|91)\d{7}$
ch-mobile             ams2            ^\+417[5-9]\d{7}$
fr-paris              ams1,ams2       ^\+331\d{8}$
fr-fixed              ams1,ams2       ^\+33[1-59]\d{8}$
fr-mobile             ams2            ^\+33[67]\d{8}$
fr-freephone          ams1            ^\+3380[0-5]\d{6}$
gb-london             ams1,ams2       ^\+4420[378]\d{7}$
gb-fixed              ams1,ams2       ^\+44[12]\d{8,9}$
gb-mobile             ams2            ^\+447[1-57-9]\d{8}$
gb-freephone          ams1            ^\+44800\d{6,7}$
ie-all                ams1,ams2       ^\+353[1-9]\d{6,9}$
es-fixed              ams1            ^\+34[89]\d{8}$
es-mobile             ams2            ^\+34[67]\d{8}$
pt-all                ams1            ^\+351[29]\d{8}$
it-fixed              ams1,ams2       ^\+390\d{5,10}$
it-mobile             ams2            ^\+393\d{8,9}$
dk-all                ams1            ^\+45[2-9]\d{7}$
se-all                ams2            ^\+46[1-9]\d{6,9}$
no-all                ams1            ^\+47[2-9]\d{7}$
fi-all                ams2            ^\+358[1-9]\d{4,11}$
us-seattle            iad1            ^\+1(206|425)\d{7}$
us-seattle-standby    ams1            ^\+1(206|425)\d{7}$
us-new-york           iad1            ^\+1(212|332|646|917)\d{7}$
us-toll-free          iad1            ^\+18(00|33|44|55|66|77|88)\d{7}$
us-premium            iad1            ^\+1900\d{7}$
ca-toronto            iad1            ^\+1(416|437|647)\d{7}$
us-and-canada         iad1,ams1       ^\+1[2-7]\d{9}$
mx-all                iad1            ^\+52\d{10}$
br-all                iad1            ^\+55[1-9]\d{9,10}$
jp-tokyo              sin1            ^\+813\d{8}$
jp-all                sin1            ^\+81[1-9]\d{8,9}$
sg-all                sin1            ^\+65[3689]\d{7}$
au-sydney             sin1            ^\+612[89]\d{7}$
au-all                sin1            ^\+61[2-478]\d{8}$
nz-all                sin1            ^\+64[2-9]\d{7,9}$
in-all                sin1            ^\+91[1-9]\d{9}$
hk-all                sin1            ^\+852[2-9]\d{7}$
europe-standby        ams1,ams2       ^\+(3[02-469]|4[013-9])\d{6,12}$
emergency             ams1,ams2       ^(112|911|999)$
pbx-extension         ams1            ^[1-9]\d{3}$
"""
