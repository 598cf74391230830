"""Questions, and answers as zone text."""

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype


def ask(name, rdtype="SRV", server="127.0.0.1", port=5300, tcp=False, payload=4096, timeout=2,
        rdclass="IN"):
    """The reply, by UDP with a retry by TCP when it is truncated, as Prometheus does it."""
    query = dns.message.make_query(name, rdtype, rdclass, use_edns=0, payload=payload)
    if tcp:
        return dns.query.tcp(query, server, timeout=timeout, port=port)
    reply = dns.query.udp(query, server, timeout=timeout, port=port)
    if reply.flags & dns.flags.TC:
        return dns.query.tcp(dns.message.make_query(name, rdtype), server, timeout=timeout, port=port)
    return reply


def outcome(reply):
    """("NOERROR", [records of the answer as sorted "TYPE rdata"])."""
    records = sorted(f"{dns.rdatatype.to_text(rrset.rdtype)} {rdata.to_text()}"
                     for rrset in reply.answer for rdata in rrset)
    return dns.rcode.to_text(reply.rcode()), records


def answer(name, rdtype="SRV", **where):
    """outcome() of a question; ("TIMEOUT", []) when nothing comes back."""
    try:
        return outcome(ask(name, rdtype, **where))
    except (dns.exception.Timeout, OSError, EOFError) as error:
        return type(error).__name__.upper(), []


def targets(name, **where):
    """The SRV answer as Prometheus reads it: {"host:port"}; empty unless NOERROR."""
    rcode, records = answer(name, "SRV", **where)
    if rcode != "NOERROR":
        return set()
    found = set()
    for record in records:
        kind, *rdata = record.split()
        if kind == "SRV":
            found.add(f"{rdata[3].rstrip('.')}:{rdata[2]}")
    return found


def addresses(name, **where):
    return {record.split()[1] for record in answer(name, "A", **where)[1] if record.startswith("A ")}
