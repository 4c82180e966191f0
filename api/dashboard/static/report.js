// The printable page: its one button.

document.querySelector("[data-print]")?.addEventListener("click", () => print());
