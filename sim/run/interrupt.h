// SPDX-License-Identifier: Apache-2.0
//
// Ctrl-C and SIGTERM end a run at its next step, with all that it has found out until then. The
// same again ends the program at once.
#pragma once

namespace handoff::system {

void WatchSignals();
// Whether one has come.
bool Interrupted();

}  // namespace handoff::system
