"""The checker's own arithmetic, by hand: the sentences of section 5, the bad cases first."""

from __future__ import annotations

from .books import Books
from .telling import claim, clp, era, svc

PAID = svc("E1390", "150", "80", "CO 45 50", "PR 2 20", ref="SW1L1")
BACK = svc("E1390", "-150", "-80", "CO 45 -50", "PR 2 -20", ref="SW1L1")


def kept(*claims: str) -> Books:
    books = Books()
    for one in claims or (claim("SW1", ("E1390:RR", "150")),):
        books.claims(one)
    return books


def reasons(books: Books) -> list[str]:
    return [one.reason or one.state for one in books.payments]


def places(books: Books, number: str = "SW1") -> dict[str, int]:
    assert books.in_place()
    return books.accounts[number][0].places()


def test_a_remittance_that_does_not_balance_posts_nothing() -> None:
    books = kept()
    books.remittance(era("81", clp("SW1 1 150 80", PAID)))
    assert (books.sets[0].state, books.payments) == ("exception", [])
    assert places(books) == {"with the payer": 15000}


def test_a_claim_that_does_not_balance_waits_and_its_neighbour_posts() -> None:
    books = kept(claim("SW1", ("E1390", "150")), claim("SW2", ("E1390", "150")))
    wrong = svc("E1390", "150", "70", "CO 45 50", "PR 2 20", ref="SW2L1")
    books.remittance(era("150", clp("SW1 1 150 80", PAID), clp("SW2 1 150 70", wrong)))
    assert reasons(books) == ["posted", "does not balance"]
    assert (books.sets[0].state, books.waiting()) == ("partly posted", 7000)
    assert places(books, "SW2") == {"with the payer": 15000}


def test_the_same_elements_in_another_envelope_are_the_same_remittance() -> None:
    books = kept()
    text = era("80", clp("SW1 1 150 80", PAID))
    books.remittance(text)
    books.remittance(text.replace("*0001", "*0777").replace("*", "|").replace(":", ">").replace("~", "~\r\n"))
    assert [one.state for one in books.sets] == ["posted", "duplicate"]
    assert places(books) == {"contractual": 5000, "paid": 8000, "patient coinsurance": 2000}


def test_the_same_number_and_money_with_other_contents_is_for_a_person() -> None:
    books = kept()
    books.remittance(era("80", clp("SW1 1 150 80", PAID)))
    books.remittance(era("80", clp("SW1 1 150 80", PAID, icn="ICN2")))
    assert [one.state for one in books.sets] == ["posted", "review"]


def test_zero_payments_may_repeat_their_number() -> None:
    books = kept(claim("SW1", ("E1390", "150")), claim("SW2", ("E1390", "150")))
    for number in ("SW1", "SW2"):
        denied = svc("E1390", "150", "0", "CO 50 150")
        books.remittance(era("0", clp(f"{number} 1 150 0", denied), trace="EO000", handling="H"))
    assert reasons(books) == ["posted", "posted"]
    assert places(books, "SW2") == {"denied": 15000}


def test_the_same_claim_paid_by_another_check_waits() -> None:
    books = kept()
    books.remittance(era("80", clp("SW1 1 150 80", PAID)))
    books.remittance(era("80", clp("SW1 1 150 80", PAID, icn="ICN2"), trace="EFT2"))
    assert reasons(books) == ["posted", "more than is open"]


PLACES = {
    "CO 50 150": "denied",
    "CO 45 150": "with the payer",
    "OA 133 150": "with the payer",
    "PI 45 150": "denied",
    "CO ZZ9 150": "denied",
    "OA 18 150": "denied",
    "PR 1 150": "patient deductible",
    "PR 204 150": "patient other",
    "CO 131 150": "contractual",
    "CO 253 150": "sequestration",
    "CO 104 150": "taken off: WITHHOLD",
}


def test_where_an_adjustment_goes() -> None:
    for cas, place in PLACES.items():
        books = kept()
        books.remittance(era("0", clp("SW1 1 150 0", svc("E1390", "150", "0", cas))))
        assert places(books) == {place: 15000}, cas


def test_a_denied_line_that_is_paid_later_is_decided_anew() -> None:
    books = kept()
    denied = svc("E1390", "150", "0", "CO 45 50", "CO 16 100", ref="SW1L1")
    books.remittance(era("0", clp("SW1 1 150 0", denied)))
    assert places(books) == {"contractual": 5000, "denied": 10000}
    books.remittance(era("80", clp("SW1 1 150 80", PAID, icn="ICN2")))
    assert places(books) == {"contractual": 5000, "paid": 8000, "patient coinsurance": 2000}


def test_a_reversal_takes_back_exactly_what_was_posted_and_the_correction_follows() -> None:
    books = kept()
    right = svc("E1390", "150", "90", "CO 45 50", "PR 2 10", ref="SW1L1")
    books.remittance(era("80", clp("SW1 1 150 80", PAID)))
    books.remittance(era("10", clp("SW1 22 -150 -80", BACK), clp("SW1 1 150 90", right, icn="ICN2"), trace="EFT2"))
    assert reasons(books) == ["posted"] * 3
    assert places(books) == {"contractual": 5000, "paid": 9000, "patient coinsurance": 1000}


def test_a_reversal_of_nothing_or_of_another_amount_waits() -> None:
    books = kept()
    other = svc("E1390", "-150", "-70", "CO 45 -60", "PR 2 -20", ref="SW1L1")
    books.remittance(era("0", clp("SW1 22 -150 -80", BACK), plb=["FB:T1 -80"]))
    books.remittance(era("80", clp("SW1 1 150 80", PAID), trace="EFT2"))
    books.remittance(era("0", clp("SW1 22 -150 -70", other), plb=["FB:T2 -70"], trace="EFT3"))
    assert reasons(books) == ["reversal of nothing", "posted", "reversal differs"]


def test_a_correction_before_its_reversal_waits_until_somebody_looks_again() -> None:
    books = kept()
    right = svc("E1390", "150", "90", "CO 45 50", "PR 2 10", ref="SW1L1")
    books.remittance(era("80", clp("SW1 1 150 80", PAID)))
    books.remittance(era("90", clp("SW1 1 150 90", right, icn="ICN2"), trace="EFT2"))
    books.remittance(era("0", clp("SW1 22 -150 -80", BACK), plb=["WO:T1 -80"], trace="EFT3"))
    assert reasons(books) == ["posted", "more than is open", "posted"]
    assert books.look_again() == 1
    assert places(books) == {"contractual": 5000, "paid": 9000, "patient coinsurance": 1000}
    assert books.takebacks() == {("90101", "T1"): 8000}


def test_an_original_that_comes_after_its_correction_waits_until_its_reversal_comes() -> None:
    books = kept()
    right = svc("E1390", "150", "90", "CO 45 50", "PR 2 10", ref="SW1L1")
    other = svc("E1390", "-150", "-70", "CO 45 -60", "PR 2 -20", ref="SW1L1")
    books.remittance(era("90", clp("SW1 1 150 90", right, icn="ICN2")))
    books.remittance(era("80", clp("SW1 1 150 80", PAID), trace="EFT2"))
    books.remittance(era("0", clp("SW1 22 -150 -70", other), plb=["WO:T1 -70"], trace="EFT3"))
    assert books.look_again() == 0
    assert reasons(books) == ["posted", "more than is open", "reversal of nothing"]
    books.remittance(era("0", clp("SW1 22 -150 -80", BACK), plb=["WO:T2 -80"], trace="EFT4"))
    assert books.look_again() == 2
    assert reasons(books) == ["posted", "posted", "reversal of nothing", "posted"]
    assert places(books) == {"contractual": 5000, "paid": 9000, "patient coinsurance": 1000}


def test_two_reversals_of_an_original_without_room_wait_with_it() -> None:
    books = kept()
    right = svc("E1390", "150", "90", "CO 45 50", "PR 2 10", ref="SW1L1")
    books.remittance(era("90", clp("SW1 1 150 90", right, icn="ICN2")))
    for trace in ("EFT2", "EFT3"):
        books.remittance(era("0", clp("SW1 22 -150 -80", BACK), plb=[f"WO:{trace} -80"], trace=trace))
    books.remittance(era("80", clp("SW1 1 150 80", PAID), trace="EFT4"))
    assert books.look_again() == 0
    assert reasons(books) == ["posted", "reversal of nothing", "reversal of nothing", "more than is open"]


def test_a_takeback_over_three_remittances_comes_to_nothing() -> None:
    books = kept()
    books.remittance(era("80", clp("SW1 1 150 80", PAID)))
    books.remittance(era("0", clp("SW1 22 -150 -80", BACK), plb=["WO:T1 -80"], trace="EFT2"))
    books.remittance(era("0", plb=["WO:T1 30", "L6:I -30"], trace="EFT3"))
    books.remittance(era("0", plb=["WO:T1 50", "FB:X -50"], trace="EFT4"))
    assert books.takebacks() == {("90101", "X"): 5000}
    assert places(books) == {"with the payer": 15000}


def test_what_the_first_payer_leaves_is_the_next_ones() -> None:
    books = kept(claim("SW1", ("E1390", "150"), others=1))
    second = svc("E1390", "150", "15", "OA 23 130", "PR 2 5", ref="SW1L1")
    books.remittance(era("15", clp("SW1 2 150 15", second, icn="S1"), trace="EFT9"))
    assert reasons(books) == ["before the first payer"]
    books.remittance(era("80", clp("SW1 1 150 80", PAID)))
    assert places(books)["with the next payer"] == 2000
    books.look_again()
    assert places(books) == {"contractual": 5000, "paid": 9500, "patient coinsurance": 500}


def test_the_first_payer_corrects_itself_after_the_next_has_paid_and_the_next_follows() -> None:
    books = kept(claim("SW1", ("E1390", "150"), others=1))
    second = ("15", "OA 23 130", "PR 2 5"), ("8", "OA 23 140", "PR 2 2")
    books.remittance(era("80", clp("SW1 1 150 80", PAID)))
    books.remittance(era("15", clp("SW1 2 150 15", svc("E1390", "150", *second[0]), icn="S1"), trace="E2"))
    right = svc("E1390", "150", "90", "CO 45 50", "PR 2 10", ref="SW1L1")
    books.remittance(era("10", clp("SW1 22 -150 -80", BACK), clp("SW1 1 150 90", right, icn="I2"), trace="E3"))
    assert places(books)["with the next payer"] == -1000
    undone = svc("E1390", "-150", "-15", "OA 23 -130", "PR 2 -5")
    again = svc("E1390", "150", *second[1])
    books.remittance(
        era("0", clp("SW1 22 -150 -15", undone, icn="S1"), clp("SW1 2 150 8", again, icn="S2"), plb=["FB:F -7"])
    )
    assert reasons(books) == ["posted"] * 6
    assert places(books) == {"contractual": 5000, "paid": 9800, "patient coinsurance": 200}


def test_a_denial_that_was_decided_anew_is_not_taken_back() -> None:
    books = kept()
    books.remittance(era("0", clp("SW1 1 150 0", svc("E1390", "150", "0", "CO 16 150"))))
    books.remittance(era("80", clp("SW1 1 150 80", PAID, icn="ICN2")))
    books.remittance(era("0", clp("SW1 22 -150 0", svc("E1390", "-150", "0", "CO 16 -150")), trace="E3"))
    assert reasons(books) == ["posted", "posted", "reversal of nothing"]


def test_what_was_forwarded_is_with_the_next_payer_also_when_none_is_on_file() -> None:
    books = kept()
    books.remittance(era("80", clp("SW1 19 150 80", PAID)))
    assert places(books)["with the next payer"] == 2000


def test_lines_are_found_without_their_modifiers_and_split_lines_are_added_up() -> None:
    books = kept(claim("SW1", ("E1390:RR", "150"), ("A7030:NU:KX", "40")))
    half = svc("E1390", "75", "75", ref="SW1L1")
    books.remittance(era("190", clp("SW1 1 190 190", half, half, svc("A7030", "40", "40"))))
    assert places(books) == {"paid": 19000}


def test_two_lines_alike_wait_for_a_person() -> None:
    books = kept(claim("SW1", ("A7030", "40"), ("A7030", "40")))
    books.remittance(era("80", clp("SW1 1 80 80", svc("A7030", "40", "40"), svc("A7030", "40", "40"))))
    assert reasons(books) == ["two lines"]


def test_of_two_lines_alike_one_named_by_its_number_leaves_the_other() -> None:
    books = kept(claim("SW1", ("A7030", "40"), ("A7030", "40")))
    services = (svc("A9999", "40", "40", original="A7030"), svc("A7030", "40", "0", "CO 50 40", ref="SW1L2"))
    books.remittance(era("40", clp("SW1 1 80 40", *services)))
    assert places(books) == {"denied": 4000, "paid": 4000}


def test_a_line_that_comes_in_two_and_is_reduced_to_nothing_stays_with_the_payer() -> None:
    books = kept()
    half = svc("E1390", "75", "0", "CO 45 75", ref="SW1L1")
    books.remittance(era("0", clp("SW1 1 150 0", half, half)))
    assert places(books) == {"with the payer": 15000}


def test_a_payer_that_names_no_lines_speaks_of_the_claim() -> None:
    books = kept(claim("SW1", ("E1390", "100"), ("A7030", "50")))
    books.remittance(era("80", clp("SW1 1 150 80", "CAS*CO*45*50", "CAS*PR*1*20")))
    assert places(books) == {"contractual": 5000, "paid": 8000, "patient deductible": 2000}


def test_a_number_garbled_is_found_by_member_day_and_charge_and_not_where_two_are_alike() -> None:
    books = kept(claim("SW1", ("E1390", "150")), claim("SW2", ("A7030", "40")), claim("SW3", ("A7030", "40")))
    books.remittance(era("80", clp("9SW1 1 150 80", PAID)))
    books.remittance(era("40", clp("9SW2 1 40 40", svc("A7030", "40", "40"), icn="I2"), trace="EFT2"))
    books.remittance(era("41", clp("9SW4 1 41 41", svc("A7030", "41", "41"), icn="I3"), trace="EFT3"))
    assert reasons(books) == ["posted", "two claims", "no claim"]


def test_information_and_old_statuses() -> None:
    books = kept()
    books.remittance(era("0", clp("SW1 25 150 0", svc("E1390", "150", "0", "OA 101 150"))))
    books.remittance(era("0", clp("SW1 23 150 0", "CAS*OA*B11*150"), trace="E2"))
    books.remittance(era("0", clp("SW1 5 150 0", "CAS*OA*133*150"), trace="E3"))
    books.remittance(era("0", handling="P", trace="E4"))
    assert reasons(books) == ["information", "information", "status"]
    assert [one.state for one in books.sets] == ["posted", "posted", "partly posted", "information"]
