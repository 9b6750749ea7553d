/** The notes and answers that the fake daemon knows. */

export const NOTES: Record<string, string> = {
  "Garden/Tomatoes.md": [
    "# Tomatoes",
    "",
    "## Watering",
    "Water deeply twice a week, always at the root and in the morning.",
    "Wet leaves in the evening invite blight.",
    "",
    "## Varieties",
    "Black Krim is the best for salads; San Marzano for sauce.",
  ].join("\n"),
  "Сад/Фитофтора.md": [
    "# Фитофтора",
    "",
    "## Как узнать",
    "Первые бурые пятна появляются на нижних листьях после холодных ночей.",
    "",
    "## Что делать",
    "Убрать больные листья и больше не поливать по листу.",
  ].join("\n"),
};

export const ANSWER = [
  "Water your tomatoes **in the morning, at the root**, about twice a week [1]. ",
  "Leaves that stay wet overnight invite blight [2].\n\n",
  "Your Russian notes say how to notice it early:\n\n",
  "- brown spots, *first on the lower leaves*, after cold nights [3]\n",
  "- then remove the sick leaves, and stop watering from above [4]\n",
];

export const CITATIONS = [
  { mark: "1", path: "Garden/Tomatoes.md", heading: ["Tomatoes", "Watering"], start_line: 4, end_line: 4, quote: "Water deeply twice a week, always at the root and in the morning." },
  { mark: "2", path: "Garden/Tomatoes.md", heading: ["Tomatoes", "Watering"], start_line: 5, end_line: 5, quote: "Wet leaves in the evening invite blight." },
  { mark: "3", path: "Сад/Фитофтора.md", heading: ["Фитофтора", "Как узнать"], start_line: 4, end_line: 4, quote: "Первые бурые пятна появляются на нижних листьях после холодных ночей." },
  { mark: "4", path: "Сад/Фитофтора.md", heading: ["Фитофтора", "Что делать"], start_line: 7, end_line: 7, quote: "Убрать больные листья и больше не поливать по листу." },
];
