// What the answers about a name of dns_sd mean for Prometheus.
//
// Pure.
#pragma once

#include "doctor/check.h"
#include "doctor/dns_facts.h"

namespace rollcall::doctor {

// Fills in targets and findings: one that says what Prometheus would have, and one for each trap.
void JudgeDns(const DnsFacts& facts, Check& check);

// Of resolv.conf by itself.
void JudgeResolvConf(const ResolvConf& conf, Check& check);

}  // namespace rollcall::doctor
