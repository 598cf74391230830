#include "agent/check_body.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall::agent {
namespace {

struct Case {
  std::string name;
  std::string body;
  bool metrics;
};

class IsMetricsTest : public ::testing::TestWithParam<Case> {};

TEST_P(IsMetricsTest, TellsThemFromOtherThings) {
  EXPECT_EQ(IsMetrics(GetParam().body), GetParam().metrics) << GetParam().body;
}

INSTANTIATE_TEST_SUITE_P(
    Metrics, IsMetricsTest,
    ::testing::Values(
        Case{"node_exporter",
             "# HELP go_gc_duration_seconds A summary.\n# TYPE go_gc_duration_seconds summary\n"
             "go_gc_duration_seconds{quantile=\"0\"} 2.4e-05\n",
             true},
        Case{"help_alone", "# HELP up", true}, Case{"type_alone", "# TYPE up gauge\n", true},
        Case{"unit", "# UNIT a_seconds seconds\n", true},
        Case{"openmetrics_of_nothing", "# EOF\n", true}, Case{"bare", "up 1\n", true},
        Case{"no_line_end", "up 1", true}, Case{"timestamp", "up 1 1395066363000\n", true},
        Case{"openmetrics_timestamp", "up 1 1395066363.5\n", true},
        Case{"exemplar", "a_total{b=\"c\"} 5 # {trace_id=\"x\"} 0.67 1520879607.7\n", true},
        Case{"labels", "a{b=\"c\",d=\"e\"} 1\n", true},
        Case{"trailing_comma", "a{b=\"c\",} 1\n", true}, Case{"no_labels", "a{} 1\n", true},
        Case{"no_blank", "a{b=\"c\"}1\n", true},
        Case{"blanks", "a { b = \"c\" , d=\"e\" } 1\n", true},
        Case{"braces_in_a_value", R"(a{b="}{ \" \\ \n"} 1)", true},
        Case{"utf8_value", "a{b=\"\xc3\xa4\"} 1\n", true},
        Case{"quoted_name", "{\"a.b\",c=\"d\"} 1\n", true},
        Case{"quoted_label", "a{\"b.c\"=\"d\"} 1\n", true},
        Case{"quoted_help", "# HELP \"a.b\" text\n", true}, Case{"colon", "job:up:sum 1\n", true},
        Case{"nan", "a NaN\n", true}, Case{"inf", "a +Inf\n", true},
        Case{"minus_inf", "a -Inf\n", true}, Case{"negative", "a -1.5e+3\n", true},
        Case{"huge", "a 1e999\n", true}, Case{"comment_first", "# by hand\n\nup 1\n", true},
        Case{"tabs", "\tup\t1\n", true}, Case{"the_first_line_counts", "up 1\n<html>\n", true}),
    [](const auto& the_case) { return the_case.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Others, IsMetricsTest,
    ::testing::Values(
        Case{"empty", "", false}, Case{"blank_lines", "\n\n \n", false},
        Case{"comments_alone", "# nothing\n# to see\n", false},
        Case{"html", "<html><body>Node Exporter</body></html>", false},
        Case{"doctype", "<!DOCTYPE html>\n", false}, Case{"ok", "OK\n", false},
        Case{"prose", "Prometheus is Healthy.\n", false}, Case{"json", "{\"up\": 1}\n", false},
        Case{"json_list", "[1]\n", false}, Case{"two_words", "up up\n", false},
        Case{"name_alone", "up\n", false}, Case{"value_alone", "1\n", false},
        Case{"starts_with_a_digit", "1up 1\n", false}, Case{"dot_in_a_name", "a.b 1\n", false},
        Case{"crlf", "up 1\r\n", false}, Case{"text_behind", "up 1 and more\n", false},
        Case{"label_not_quoted", "a{b=c} 1\n", false},
        Case{"label_not_closed", "a{b=\"c} 1\n", false},
        Case{"brace_not_closed", "a{b=\"c\" 1\n", false},
        Case{"escape_at_the_end", "a{b=\"\\", false}, Case{"nameless", "{a=\"b\"} 1\n", false},
        Case{"two_names", "a{\"b\"} 1\n", false}, Case{"value_cut", "a{b=\"c\"} \n", false},
        Case{"two_signs", "a +-1\n", false}, Case{"sign_alone", "a -\n", false},
        Case{"nan_payload", "a nan(1)\n", false}, Case{"help_of_nothing", "# HELP\n", false},
        Case{"a_title", "# HELPFUL page\n", false}, Case{"eof_and_more", "# EOF here\n", false},
        Case{"protobuf", "\x0a\x10go_gc", false}, Case{"gzip", "\x1f\x8b\x08", false},
        Case{"nul", std::string("\0\0\0", 3), false}),
    [](const auto& the_case) { return the_case.param.name; });

}  // namespace
}  // namespace rollcall::agent
