#include "job/bench/report/report.hpp"

namespace aiot::bench {

// Colours that stay apart for most kinds of colour blindness (after Okabe and Ito).
std::string_view plot_style() {
  return R"(:root{--paper:#fff;--ink:#1b2230;--soft:#5d6779;--grid:#e4e8ef;--card:#f6f8fb;
--c1:#2f6fde;--c2:#e0762b;--c3:#1f9d83;--c4:#b0569c;--c5:#b8901c;--c6:#5b9bd0;
--bad:#c63d2f;--good:#1f8a5b;--bg-bad:#fdeeec}
@media (prefers-color-scheme:dark){:root{--paper:#12161d;--ink:#e8ebf1;--soft:#9aa5b8;--grid:#2a313d;--card:#1a2029;
--c1:#6fa0f7;--c2:#f0985a;--c3:#45c4a8;--c4:#d488c4;--c5:#dcb64c;--c6:#8cc0ea;
--bad:#f2796b;--good:#55c790;--bg-bad:#331c1a}}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--grid:#ddd;--card:#fff;
--c1:#2f6fde;--c2:#e0762b;--c3:#1f9d83;--c4:#b0569c;--c5:#b8901c;--c6:#5b9bd0;--bad:#a00;--bg-bad:#fff}}
svg{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
svg text{fill:var(--ink)}svg .label{fill:var(--soft)}svg .strong{font-weight:600}
svg .on-mark{fill:#fff}svg .grid{stroke:var(--grid)}svg .axis{stroke:var(--soft)}
svg .rule{stroke:var(--ink);stroke-dasharray:3 3;opacity:.55}
svg .roof{fill:none;stroke:var(--ink);stroke-width:2}
svg .mark,svg .mark1{fill:var(--c1)}svg .mark2{fill:var(--c2)}svg .mark3{fill:var(--c3)}
svg .mark4{fill:var(--c4)}svg .mark5{fill:var(--c5)}svg .mark6{fill:var(--c6)}
svg .tail{opacity:.45}svg .dot{opacity:.75;stroke:var(--paper)}
svg .cell{fill:var(--card)}
svg .right1,svg .right2,svg .right3,svg .right4,svg .right5,svg .right6,svg .right7,svg .right8,svg .right9,svg .right10{fill:var(--c1)}
svg .wrong1,svg .wrong2,svg .wrong3,svg .wrong4,svg .wrong5,svg .wrong6,svg .wrong7,svg .wrong8,svg .wrong9,svg .wrong10{fill:var(--c2)}
svg .right1,svg .wrong1{fill-opacity:.15}svg .right2,svg .wrong2{fill-opacity:.24}
svg .right3,svg .wrong3{fill-opacity:.33}svg .right4,svg .wrong4{fill-opacity:.42}
svg .right5,svg .wrong5{fill-opacity:.51}svg .right6,svg .wrong6{fill-opacity:.66}
svg .right7,svg .wrong7{fill-opacity:.74}svg .right8,svg .wrong8{fill-opacity:.82}
svg .right9,svg .wrong9{fill-opacity:.91}
)";
}

std::string_view page_style() {
  return R"(*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:860px;margin:0 auto;padding:32px 24px 48px}
h1{font-size:26px;margin:0 0 4px}h2{font-size:21px;margin:48px 0 4px}h3{font-size:15px;margin:28px 0 8px}
p{margin:4px 0}.soft{color:var(--soft)}code{font-size:13px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:16px 0}
.tile{background:var(--card);border:1px solid var(--grid);border-radius:8px;padding:10px 14px}
.tile b{display:block;font-size:21px;font-weight:600;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:13px}
.bad{border-left:4px solid var(--bad);background:var(--bg-bad);padding:8px 14px;margin:12px 0;border-radius:4px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:4px 10px;border-bottom:1px solid var(--grid);white-space:nowrap}
th{color:var(--soft);font-weight:500}th:first-child,td:first-child,.l{text-align:left}
svg{display:block;width:100%;height:auto}
.legend{color:var(--soft);font-size:13px}
.legend i{display:inline-block;width:10px;height:10px;border-radius:2px;margin:0 5px 0 14px}
.legend .mark1{background:var(--c1)}.legend .mark2{background:var(--c2)}.legend .mark3{background:var(--c3)}
.legend .mark4{background:var(--c4)}.legend .mark5{background:var(--c5)}.legend .mark6{background:var(--c6)}
footer{margin-top:56px;color:var(--soft);font-size:13px}
@media print{main{max-width:none;padding:0}section{break-inside:auto}figure,table,.tiles{break-inside:avoid}
h2,h3{break-after:avoid}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
figure{margin:0}
)";
}

}  // namespace aiot::bench
