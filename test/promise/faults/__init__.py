"""The faults, in the order of the table."""

from . import etcd, history, servers, wiped, data, leases, hosts, agents, clock  # in the order of the table
from .fault import ALL
