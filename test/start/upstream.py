"""A resolver for names outside the zones: answers every A question with 203.0.113.7."""

import socket
import sys

import dns.flags
import dns.message
import dns.rrset

listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
listener.bind(("127.0.0.1", int(sys.argv[1])))
while True:
    octets, client = listener.recvfrom(4096)
    query = dns.message.from_wire(octets)
    reply = dns.message.make_response(query, recursion_available=True)
    question = query.question[0]
    if question.rdtype == 1:
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", "203.0.113.7"))
    listener.sendto(reply.to_wire(), client)
