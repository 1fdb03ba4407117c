/**
 * The one style of all pages. Grey is left, blue is right, and blue means nothing else; a difference is ink; yellow
 * marks where to look; red is a new error or an open debt. So a grey print says the same.
 */
export const STYLE = `:root{--bg:#fff;--ink:#1b1f24;--muted:#57606a;--line:#d8dee4;--soft:#f6f8fa;--left:#57606a;--right:#0a5cad;--lbar:#8c959f;--bad:#b3261e;--mark:#fdf0c4;
--rw:#c78612;--ro:#b5d6ee;--rx:#1f5a8c;--sl:#57606a;--ros:#5b97c5;--tb:#d8dee4;--unseen:#e9ecef;--owed:#a8321a;--owed2:#e3b5a6;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace}
@media(prefers-color-scheme:dark){:root{--bg:#0f1419;--ink:#e3e8ed;--muted:#9aa5b1;--line:#2c343d;--soft:#171d24;--left:#aab4bf;--right:#6cb2ff;--lbar:#6b7683;--bad:#ff8a80;--mark:#4a3d10;
--rw:#c98a1b;--ro:#4a7ea8;--rx:#d6eafc;--sl:#aab4bf;--ros:#7fb2da;--tb:#4a5562;--unseen:#232a32;--owed:#ef7f68;--owed2:#6e3b31}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0 auto;max-width:76rem;padding:2.5rem 1.5rem 3rem;background:var(--bg);color:var(--ink);font:15px/1.5 var(--sans);overflow-wrap:break-word}
h1{font-size:1.9rem;line-height:1.2;margin:.3rem 0 .6rem;font-weight:650;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:1.2rem;line-height:1.3;margin:0 0 .25rem;font-weight:650}
h3{font-size:.95rem;margin:1.4rem 0 .4rem;font-weight:600}
p{margin:0 0 .6rem;max-width:46rem}
section{margin-top:2.5rem;padding-top:1.4rem;border-top:1px solid var(--line)}
code,pre,.mono{font:12.5px/1.45 var(--mono)}
bdi,code{overflow-wrap:anywhere}.nw{white-space:nowrap}code,.tree b,.tree em{unicode-bidi:isolate}
.eyebrow{font:12.5px/1.4 var(--mono);color:var(--muted);max-width:none}
.lede{font-size:1.05rem}.say,.note,.scope{color:var(--muted);font-size:.92rem}.note{margin-top:.6rem;max-width:56rem}
.mu{color:var(--muted)}.l{color:var(--left)}.r{color:var(--right)}.bad{color:var(--bad)}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--bg);padding:.3rem .6rem}
a{color:inherit;text-underline-offset:3px}:focus-visible{outline:2px solid var(--right);outline-offset:2px}
ul.cards{list-style:none;padding:0;display:grid;grid-template-columns:repeat(4,1fr);gap:.75rem;margin:1.4rem 0 1rem}
.card{padding:.8rem .9rem;border:1px solid var(--line);border-top-width:3px;border-radius:6px}.card.diff{border-top-color:var(--ink)}.card.unknown{border-top-style:dashed}
.card span{font-size:.8rem;color:var(--muted)}.card strong{display:block;font-size:1.05rem;font-weight:650}.card p{font-size:.85rem;color:var(--muted);line-height:1.4;margin:.2rem 0 0}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:0;padding:0;list-style:none;font-size:.87rem}nav a{color:var(--muted)}
table{border-collapse:collapse;font-size:.87rem;line-height:1.45}
caption{text-align:left;font-weight:600;padding:0 0 .4rem;font-size:.87rem}
th,td{text-align:left;vertical-align:baseline;padding:.32rem .9rem .32rem 0;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}thead th{font-weight:600;color:var(--muted);font-size:.8rem;vertical-align:bottom}tbody th{font-weight:400}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}thead .num{white-space:normal}
.scroll{overflow-x:auto;position:relative}.wide{width:100%}.wide.stack tbody th{min-width:10rem}
.two{display:grid;grid-template-columns:minmax(0,1.15fr) minmax(0,1fr);gap:2.5rem;margin-top:.8rem}
dl.limits{margin:0;font-size:.87rem}.limits dt{font-weight:600}.limits dd{margin:.1rem 0 .8rem;color:var(--muted)}
.runs th[scope=row]{color:var(--muted);white-space:nowrap}
.tree{width:100%;font:12px/1.5 var(--mono);table-layout:fixed}.tree th,.tree td{border:0;padding:0 .5rem 0 0}.tree thead th{padding-bottom:.35rem}
.tree .m{width:1.6rem;text-align:center;padding:0}.tree .n{width:4.6rem;text-align:right;color:var(--muted);font-variant-numeric:tabular-nums}
.tree .t{padding-left:calc(var(--d,0)*1.1em);background:repeating-linear-gradient(90deg,var(--line) 0 1px,transparent 1px 1.1em) no-repeat 0 0/calc(var(--d,0)*1.1em) 100%;overflow-wrap:anywhere;text-indent:-1em;padding-left:calc(var(--d,0)*1.1em + 1em)}
.tree tr.chg td,.tree tr.lo td,.tree tr.ro_ td{background-color:var(--soft)}.tree tr.here td{background-color:var(--mark)}.tree tr.here .n,.tree tr.here .mu{color:var(--ink)}
.tree em,.bits em{font-style:normal;font-weight:700;text-decoration:underline;text-underline-offset:2px}.tree b{font-weight:650}.tree .fold td{color:var(--muted);text-align:center}
.tree tr.unk td{color:var(--muted)}
.bits{margin-top:1rem}.bits td,.bits th{white-space:nowrap}
.maps{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr));gap:1rem 1.4rem;margin-top:.8rem}.maps.m2,.maps.m1{max-width:48rem}.maps.m3{max-width:62rem}@media(min-width:48rem){.maps.m6{grid-template-columns:repeat(3,1fr)}.maps.m4{grid-template-columns:repeat(4,1fr)}}.maps.big{grid-template-columns:repeat(auto-fit,minmax(min(100%,28rem),1fr));max-width:none}.maps figure{margin:0}@supports(grid-template-rows:subgrid){.maps figure{display:grid;grid-template-rows:subgrid;grid-row:span 3;row-gap:0}.maps figcaption:first-child{align-self:end}}
figcaption{font-size:.8rem;line-height:1.4;color:var(--muted);margin-top:.3rem}.map{display:block;width:100%;height:auto}
.ax{font-family:var(--mono);fill:var(--muted)}.bt{font-family:var(--sans);fill:var(--ink);stroke:var(--bg)}
.rw{fill:var(--rw)}.ro{fill:var(--ro);stroke:var(--ros);stroke-width:.6}.rx{fill:var(--rx)}.rwx{fill:var(--bad)}.tb{fill:var(--tb)}.unseen{fill:var(--unseen)}.empty,.inv,.pinv{fill:var(--bg)}
.grid{stroke:var(--bg);stroke-width:1.6;fill:none}.edge{stroke:var(--line);fill:none}.sl{stroke:var(--sl);fill:none}.blk{stroke:var(--sl);stroke-width:.8;fill:none}.chd{stroke:var(--ink);fill:none}.dots{stroke:var(--lbar);fill:none;stroke-linecap:round}
ul.legend{display:flex;flex-wrap:wrap;gap:.35rem 1.3rem;margin:.6rem 0 0;padding:0;list-style:none;font-size:.82rem;color:var(--muted)}.legend li{display:flex;align-items:center;gap:.45rem}
.strip svg,.led svg{display:block;width:100%}.ends{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.2rem 1rem;font-size:.78rem;color:var(--muted);margin:.2rem 0 1rem}
.k0{fill:var(--line)}.k1{fill:var(--lbar)}.k2{fill:var(--bg)}.k3{fill:var(--ink)}.k4{fill:var(--bad)}
.tag{white-space:nowrap}.tag::before{content:"";display:inline-block;width:.6rem;height:.6rem;border-radius:2px;margin-right:.4rem;background:var(--line)}.tag.t1::before{background:var(--lbar)}.tag.t2::before{background:none;box-shadow:inset 0 0 0 1px var(--lbar)}.tag.t3::before{background:var(--ink)}.tag.t4::before{background:var(--bad)}
.bl{fill:var(--lbar)}.br{fill:var(--right)}.bars{width:34%}.sub{padding-left:1.1rem}.eq{display:flex;flex-wrap:wrap;gap:.1rem 1.6rem;list-style:none;margin:0;padding:0;font-size:.87rem;color:var(--muted)}.eq b{color:var(--ink);font-weight:600}
.lf{fill:var(--owed)}.lr{fill:var(--owed2)}.base{stroke:var(--lbar)}.led{margin-top:1rem}.sw{display:inline-block;width:.7rem;height:.7rem;border-radius:2px;vertical-align:-.05em}
details{margin-top:.6rem}summary{cursor:pointer;font-size:.87rem;color:var(--muted)}
pre{margin:.2rem 0 .9rem;padding:.6rem .8rem;background:var(--soft);border-radius:4px;white-space:pre-wrap;overflow-wrap:anywhere}
.finding{border-left:3px solid var(--line);padding-left:.9rem;margin:0 0 1.2rem}.finding.error{border-color:var(--bad)}.finding.warning{border-color:var(--ink)}.finding ul{margin:.3rem 0;padding-left:1.1rem}
footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.8rem;font-size:.82rem;color:var(--muted)}
@media(max-width:48rem){body{padding:1.25rem 1rem 2rem}h1{font-size:1.5rem}ul.cards{grid-template-columns:1fr 1fr;gap:.5rem}.card{padding:.6rem .7rem}.two{grid-template-columns:minmax(0,1fr);gap:1.2rem}
.tree thead{display:none}.tree,.tree tbody,.tree tr,.tree td{display:block}.tree tr{display:grid;grid-template-columns:1.3rem 3.4rem minmax(0,1fr)}.tree .n{width:auto}.tree .t{padding-left:calc(var(--d,0)*.5em + 1em);background-size:calc(var(--d,0)*.5em) 100%;background-image:repeating-linear-gradient(90deg,var(--line) 0 1px,transparent 1px .5em)}
.tree .m{grid-row:span 2}.tree tr.same .b,.tree .none{display:none}.tree tr.fold{grid-template-columns:1fr}.tree tr.chg .a.t::before{content:"− "}.tree tr.chg .b.t::before{content:"+ "}
.stack thead{display:none}.stack,.stack caption:not(.vh),.stack tbody,.stack tr,.stack td,.stack th{display:block}.stack tr{padding:.5rem 0;border-bottom:1px solid var(--line)}.stack td,.stack th{border:0;padding:0;text-align:left;white-space:normal;width:auto}.stack td[data-h]::before{content:attr(data-h) " ";color:var(--muted)}}
@media print{@page{size:A4;margin:14mm}:root{--bg:#fff;--ink:#000;--muted:#444;--line:#ccc;--soft:#f4f4f4;--left:#444;--right:#0a5cad;--lbar:#8c959f;--bad:#b3261e;--mark:#fdf0c4;--rw:#c78612;--ro:#b5d6ee;--rx:#1f5a8c;--sl:#444;--ros:#5b97c5;--tb:#ccc;--unseen:#e9ecef;--owed:#a8321a;--owed2:#e3b5a6}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}body{padding:0;max-width:none;font-size:10pt}nav,.skip{display:none}section{margin-top:1.2rem}.tree{font-size:7pt}.tree .n{width:3.4rem}figure,tr,.card,.led{break-inside:avoid}h2,h3,caption{break-after:avoid}.scroll{overflow:visible}summary{list-style:none}td{overflow-wrap:anywhere}.tag{white-space:normal}details::details-content{content-visibility:visible;block-size:auto}}`
