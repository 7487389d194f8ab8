// Which moments a wall can show, and what of each run belongs to a moment. Nothing here touches the page.

// The epochs of all stored frames, ascending, up to the newest that every run under way has got to. A run that waits
// for a worker has no frame, and holds up nobody.
function wallEpochs(runs) {
  const begun = runs.filter(({ frames }) => frames.length > 0);
  const newest = begun.filter(({ isFinal }) => !isFinal).map(({ frames }) => frames[frames.length - 1].epoch);
  const end = Math.min(...newest, Infinity);
  const epochs = new Set(begun.flatMap(({ frames }) => frames.map(({ epoch }) => epoch)));
  return [...epochs].filter((epoch) => epoch <= end).sort((one, other) => one - other);
}

// The number of the last entry up to an epoch, in a list that is sorted by it; −1 where there is none.
function lastUpTo(entries, epoch) {
  let found = -1;
  while (found + 1 < entries.length && entries[found + 1].epoch <= epoch) found += 1;
  return found;
}

// "4 running · 2 finished", in the order in which a run passes through its states.
function statusCounts(statuses) {
  const order = ["running", "paused", "queued", "finished", "stopped", "diverged", "failed"];
  const counted = order.map((status) => [statuses.filter((each) => each === status).length, status]);
  return counted.filter(([count]) => count > 0).map(([count, status]) => `${count} ${status}`).join(" · ");
}
