// Instances as a server's API shows them, for commands that are told --server.
//
// Threads: one; what asks a server blocks until it has answered.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "app/command.h"
#include "app/explanation.h"
#include "app/output.h"
#include "app/server_api.h"
#include "app/settings.h"
#include "app/table.h"
#include "base/result.h"

namespace rollcall::app {

// "node.prom.internal" of what `list` and its like are given: a service of the zone, or a whole
// name; "" of nothing, without --zone: all; and of a host ("@server01"), which ReadName() refuses.
[[nodiscard]] std::string WholeName(const std::string& word, const Settings& settings);
// That of a command's first word, or of none.  kInvalid: the word is a host's; "" would be all.
[[nodiscard]] Result<std::string> ReadName(const Invocation& invocation);
// Whether `name` is at or below `above` ("": all is); both in small letters.
[[nodiscard]] bool IsWithin(std::string_view name, std::string_view above);
// "at or below node.prom.internal", for a message.
[[nodiscard]] std::string WhereIs(const std::string& name);

// All that fit `query` ("&name=...", escaped), page by page; none below a name that is not there.
// `ask`: as ServerApi::Get().
[[nodiscard]] Result<boost::json::array> ReadInstances(const AskApi& ask, const std::string& query);
[[nodiscard]] Result<boost::json::array> ReadInstances(const ServerApi& api,
                                                       const std::string& query);
// The cells of a line of `list`: name, instance, address, port, state, since, TTL, labels, problem.
[[nodiscard]] Row InstanceRow(const boost::json::object& instance);
// "": none, or 0.
[[nodiscard]] std::string NumberText(const boost::json::object& object, std::string_view member);

// A table with these titles, or an array with one object a line.
void PrintRows(Output output, const boost::json::array& objects, Row titles,
               Row (*row_of)(const boost::json::object&));
// One change, as ChangeLine() has it of the store.
[[nodiscard]] std::string InstanceChangeLine(Output output, const boost::json::object& instance,
                                             Change change, std::int64_t revision,
                                             const Writer& writer);
// As `list` does.
void PrintInstances(Output output, const boost::json::array& instances);

}  // namespace rollcall::app
