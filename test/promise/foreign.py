"""A resolver that denies everything: foreign.py ADDRESS."""

import socket
import sys

import dns.message
import dns.rcode


def serve(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((address, 53))
        while True:
            wire, who = udp.recvfrom(4096)
            reply = dns.message.make_response(dns.message.from_wire(wire), recursion_available=True)
            reply.set_rcode(dns.rcode.NXDOMAIN)
            udp.sendto(reply.to_wire(), who)


serve(sys.argv[1])
