"""Organizations: entered, changed, joined and left; proposed by proven mail domains; each step taken back."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import asdict

from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.customer import (
    CustomerJoinedOrganization,
    CustomerLeftOrganization,
    CustomerRegistered,
    PersonErased,
)
from schemas.facts.organization import (
    EntitlementSet,
    OrganizationDomainsSet,
    OrganizationProductsSet,
    OrganizationRegistered,
    OrganizationRenamed,
    OrganizationRestored,
    OrganizationRetired,
)
from services.customers.requests import ErasePerson, MergeCustomers, SetOrganization, UnmergeCustomers
from services.organizations.public_mail import domains_of, is_public
from services.organizations.requests import ChangeOrganization, RegisterOrganization, RetireOrganization
from services.undo import Undo
from tests.services.incidents.conftest import commands, taking
from tests.services.incidents.world import mail, uid

__all__ = ["commands", "taking"]

_COMPANY = (
    OrganizationRegistered,
    OrganizationRenamed,
    OrganizationDomainsSet,
    OrganizationProductsSet,
    EntitlementSet,
    OrganizationRetired,
    OrganizationRestored,
)


def told(taking, *kinds):
    """What the facts of these kinds say, but for when, by whom and of whom."""
    return [
        (type(fact), *(value for name, value in asdict(fact).items() if name not in {"by", "at", "customer"}))
        for fact in taking.facts()
        if isinstance(fact, kinds)
    ]


def state(taking):
    return {row[0]: row[-1] for row in taking.rows("customer_state")}


async def customers(taking, *addresses):
    await taking.take(*(mail(f"m{number}", address) for number, address in enumerate(addresses)))
    return [fact.customer for fact in taking.facts() if isinstance(fact, CustomerRegistered)]


async def test_what_is_known_of_a_company_is_told_once_and_taken_back(taking, commands):
    asked = RegisterOrganization(
        name="  La   Espiga ", domains=("@LaEspiga.CU", "laespiga.cu"), products=("Caja", " Caja ", ""), level="oro"
    )
    which = (await commands.run(asked, by="eva")).subject
    entered = [
        (OrganizationRegistered, which, "La Espiga"),
        (OrganizationDomainsSet, which, ("laespiga.cu",)),
        (OrganizationProductsSet, which, ("Caja",)),
        (EntitlementSet, which, "oro", None),
    ]
    assert told(taking, *_COMPANY) == entered
    until = date(2027, 1, 31)
    changed = await commands.run(ChangeOrganization(organization=which, name="Espiga", until=until), by="eva")
    same = await commands.run(ChangeOrganization(organization=which, name="Espiga", until=until), by="eva")
    assert (changed.undo is None, same.undo) == (False, None)
    await commands.run(Undo(undo=changed.undo), by="eva")
    assert told(taking, *_COMPANY)[4:] == [
        (OrganizationRenamed, which, "Espiga"),
        (EntitlementSet, which, "oro", until),
        (OrganizationRenamed, which, "La Espiga"),
        (EntitlementSet, which, "oro", None),
    ]


async def test_what_somebody_changed_since_is_not_overwritten(taking, commands):
    which = (await commands.run(RegisterOrganization(name="La Espiga"), by="eva")).subject
    first = await commands.run(ChangeOrganization(organization=which, level="oro", version=1), by="eva")
    with pytest.raises(ConflictError):
        await commands.run(ChangeOrganization(organization=which, level="plata", version=1), by="leo")
    await commands.run(ChangeOrganization(organization=which, products=("Caja",), version=2), by="leo")
    with pytest.raises(ConflictError):
        await commands.run(Undo(undo=first.undo), by="eva")
    assert told(taking, EntitlementSet) == [(EntitlementSet, which, "oro", None)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 201},
        {"name": "ana@x.cu"},
        {"name": "Ana", "products": ("call +53 5 555 1234",)},
        {"name": "Ana", "domains": ("gmail.com",)},
        {"name": "Ana", "domains": ("mail.yahoo.com.mx",)},
        {"name": "Ana", "domains": ("no domain",)},
        {"name": "Ana", "domains": ("localhost",)},
        {"name": "Ana", "domains": tuple(f"d{number}.cu" for number in range(21))},
        {"name": "Ana", "until": date(2027, 1, 1)},
    ],
    ids=str,
)
async def test_what_makes_no_sense_is_refused(taking, commands, wrong):
    with pytest.raises(InvalidError):
        await commands.run(RegisterOrganization(**wrong), by="eva")
    assert taking.facts() == []


def test_a_providers_domain_is_known_under_its_endings_and_a_companys_is_not():
    assert all(map(is_public, ("gmail.com", "hotmail.co.uk", "yahoo.com.mx", "mail.nauta.cu", "163.com", "live.com")))
    assert not any(map(is_public, ("laespiga.cu", "gmail.laespiga.cu", "live.laespiga.com", "orange-tree.com", "cu")))
    assert list(domains_of("mail.ventas.espiga.cu")) == ["mail.ventas.espiga.cu", "ventas.espiga.cu", "espiga.cu"]


async def test_a_customer_belongs_to_one_company_and_leaves_it_for_another(taking, commands):
    (ana,) = await customers(taking, "ana@espiga.cu")
    one = (await commands.run(RegisterOrganization(name="One", customer=ana), by="eva")).subject
    other = (await commands.run(RegisterOrganization(name="Other"), by="eva")).subject
    moved = await commands.run(SetOrganization(customer=ana, organization=other), by="eva")
    assert (await commands.run(SetOrganization(customer=ana, organization=other), by="eva")).undo is None
    await commands.run(Undo(undo=moved.undo), by="eva")
    joined, left = CustomerJoinedOrganization, CustomerLeftOrganization
    expected = [(joined, one), (left, one), (joined, other), (left, other), (joined, one)]
    assert told(taking, joined, left) == expected
    assert state(taking) == {ana: one}
    for asked in (
        SetOrganization(customer=uid("none"), organization=one),
        SetOrganization(customer=ana, organization=uid("none")),
    ):
        with pytest.raises(NotFoundError):
            await commands.run(asked, by="eva")


async def test_made_for_a_customer_by_mistake_it_is_gone_with_one_undo(taking, commands):
    (ana,) = await customers(taking, "ana@espiga.cu")
    made = await commands.run(RegisterOrganization(name="One", customer=ana), by="eva")
    with pytest.raises(ConflictError, match="belong"):
        await commands.run(RetireOrganization(organization=made.subject), by="eva")
    await commands.run(Undo(undo=made.undo), by="eva")
    assert state(taking) == {ana: None}
    assert told(taking, OrganizationRetired) == [(OrganizationRetired, made.subject)]
    with pytest.raises(ConflictError, match="retired"):
        await commands.run(SetOrganization(customer=ana, organization=made.subject), by="eva")
    with pytest.raises(ConflictError, match="retired"):
        await commands.run(ChangeOrganization(organization=made.subject, name="Two"), by="eva")


async def test_made_for_a_customer_with_others_in_it_since_it_stays(taking, commands):
    ana, bob = await customers(taking, "ana@espiga.cu", "bob@espiga.cu")
    made = await commands.run(RegisterOrganization(name="One", customer=ana), by="eva")
    await commands.run(SetOrganization(customer=bob, organization=made.subject), by="leo")
    with pytest.raises(ConflictError):
        await commands.run(Undo(undo=made.undo), by="eva")
    assert state(taking) == {ana: made.subject, bob: made.subject}


async def test_a_retired_one_comes_back_by_undo(taking, commands):
    which = (await commands.run(RegisterOrganization(name="One"), by="eva")).subject
    gone = await commands.run(RetireOrganization(organization=which), by="eva")
    await commands.run(Undo(undo=gone.undo), by="eva")
    assert told(taking, *_COMPANY)[1:] == [(OrganizationRetired, which), (OrganizationRestored, which)]


async def test_merged_customers_belong_as_one_and_each_as_before_after(taking, commands):
    ana, bob = await customers(taking, "ana@espiga.cu", "bob@espiga.cu")
    one = (await commands.run(RegisterOrganization(name="One", customer=bob), by="eva")).subject
    other = (await commands.run(RegisterOrganization(name="Other"), by="eva")).subject
    await commands.run(MergeCustomers(customer=ana, sources=(bob,)), by="eva")
    assert (await commands.run(SetOrganization(customer=ana, organization=one), by="eva")).undo is None
    with pytest.raises(ConflictError):
        await commands.run(SetOrganization(customer=bob, organization=other), by="eva")
    joined = await commands.run(SetOrganization(customer=ana, organization=other), by="eva")
    await commands.run(Undo(undo=joined.undo), by="eva")
    assert state(taking) == {ana: None, bob: one}
    await commands.run(SetOrganization(customer=ana, organization=other), by="eva")
    await commands.run(UnmergeCustomers(customer=ana, source=bob), by="eva")
    assert state(taking) == {ana: other, bob: one}
    await commands.run(MergeCustomers(customer=ana, sources=(bob,)), by="eva")
    left = await commands.run(SetOrganization(customer=ana, organization=None), by="eva")
    assert state(taking) == {ana: None, bob: None}
    await commands.run(Undo(undo=left.undo), by="eva")
    assert state(taking) == {ana: other, bob: one}


async def test_who_is_erased_belongs_nowhere(taking, commands):
    (ana,) = await customers(taking, "ana@espiga.cu")
    which = (await commands.run(RegisterOrganization(name="One", customer=ana), by="eva")).subject
    await commands.run(ErasePerson(customer=ana), by="eva")
    last = [type(fact) for fact in taking.facts()[-2:]]
    assert (last, state(taking)) == ([CustomerLeftOrganization, PersonErased], {ana: None})
    with pytest.raises(ConflictError, match="erased"):
        await commands.run(SetOrganization(customer=ana, organization=which), by="eva")
    await commands.run(RetireOrganization(organization=which), by="eva")
