import "./live.css"; document.documentElement.dataset.ready = "";
