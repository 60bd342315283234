// SPDX-License-Identifier: Apache-2.0
//
// Holds a conversation with a machine: sends it the segments that arrive, makes the application's
// calls, and compares what leaves, number by number and in time.
//
// Numbers of the peer are the script's own. Ours count from the number of our SYN in the script;
// our timestamps from the first that the script writes. A line of more payload than one segment
// holds stands for segments one behind the other. The bytes are a pattern, checked on both sides.
// Whatever leaves and is in no line fails the conversation.
#pragma once

#include <string>

#include "tb/conversations/machine.h"
#include "tb/conversations/script.h"

namespace handoff::tb {

// Empty if all went as the script says; else what did not, with all that was on the wire. Throws
// ScriptError for a script that asks what nobody can do.
std::string Converse(const Script& script, Machine& machine);

// What the lines --name=value say of the machine.
MachineSettings SettingsOf(const Script& script);

}  // namespace handoff::tb
