// Two arms have a letter each, on everything that is of one of them alone.

export const LETTERS = ["A", "B"];
