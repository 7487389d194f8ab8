// A wall in a page of its own, without a server: the choice of what the tiles show, and the wall below it.

function openWallPage(data, views) {
  const wall = new Wall(document.getElementById("wall"));
  const show = (view) => {
    wall.show({ ...data, view });
    wall.setTheme();
  };
  document.getElementById("views").append(segmentedChoice("view", views, views[0][0], show));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => wall.setTheme());
  show(views[0][0]);
}
