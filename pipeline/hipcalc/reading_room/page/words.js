// Words and keys that the panel and the help share.

export const REASONS = [
  ["osteophyte", "Osteophyte"],
  ["bone-edge", "Bone edge"],
  ["vessel", "Vessel"],
  ["marker", "Marker"],
  ["artefact", "Artefact"],
  ["other", "Other"],
];

export const STATUS_WORDS = { confirmed: "confirmed", rejected: "rejected", indeterminate: "unsure", open: "" };

export const HELP = [
  ["C", "confirm the mark"],
  ["1 – 6", "reject it: osteophyte, bone edge, vessel, marker, artefact, other"],
  ["U", "unsure (indeterminate)"],
  ["Shift 1 – 9", "class of the mark, in the order shown"],
  ["J K", "next mark, mark before"],
  ["A", "add a focus that was missed: press in its middle and drag to its edge; or arrows, + and −, Enter"],
  ["G", "correct circle and rim: drag the handles; or Tab, arrows, Enter"],
  ["N", "done with this hip: go on"],
  ["S", "skip it for now"],
  ["Q", "image inadequate"],
  ["Z", "undo the last thing you did"],
  ["B", "back to the hip before"],
  ["T", "note; Esc leaves it; no other key acts meanwhile"],
  ["F", "fit the hip"],
  ["P", "whole picture, both hips"],
  ["O", "other hip beside, mirrored"],
  ["E", "earlier picture beside"],
  ["H", "hide or show everything drawn"],
  ["D", "zones"],
  ["I", "invert"],
  ["M", "magnifier"],
  ["W", "window and level as at first"],
  ["[ ]", "brighter, darker; with Shift: more, less contrast"],
  ["+ −", "zoom; or the wheel"],
  ["Arrows", "move; or drag"],
  ["Right drag", "window (across) and level (up and down); also Shift and drag"],
  ["Esc", "leave what was begun"],
];
