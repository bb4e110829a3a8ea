"""Customers, their addresses and names; merged ones are read as part of another."""

from projections.customers.fold import CUSTOMERS
from projections.customers.read import by_phone, family, find, get, names, of_addresses, parts_of, proven, several
from projections.customers.shape import Address, Counts, Customer, Part

__all__ = [
    "CUSTOMERS",
    "Address",
    "Counts",
    "Customer",
    "Part",
    "by_phone",
    "family",
    "find",
    "get",
    "names",
    "of_addresses",
    "parts_of",
    "proven",
    "several",
]
