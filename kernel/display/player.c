/* An animation in a notebook: an animated PNG, which plays by itself wherever pictures are shown,
 * and a script that takes it apart and adds buttons to stop and step. Without scripts (a notebook
 * that is not trusted, a mail) the picture keeps playing. */
#include "display/frames.h"
#include "display/picture.h"
#include "display/png_write.h"
#include "base/hash.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Finds its picture, reads the chunks of the animated PNG, makes each frame a PNG of its own, draws
 * them on a canvas. Stands still at first for readers who asked for less motion. */
static const char script[] =
    "(function(){\n"
    "var root=document.querySelector('.%s:not([data-ready])');if(!root)return;\n"
    "root.dataset.ready=1;\n"
    "var img=root.querySelector('img'),raw=atob(img.src.split(',')[1]),n=raw.length,i,k;\n"
    "var b=new Uint8Array(n);for(i=0;i<n;i++)b[i]=raw.charCodeAt(i);\n"
    "var table=[];for(i=0;i<256;i++){k=i;for(var j=0;j<8;j++)k=k&1?0xedb88320^(k>>>1):k>>>1;"
    "table[i]=k>>>0}\n"
    "function u32(at){return(b[at]*16777216)+(b[at+1]<<16|b[at+2]<<8|b[at+3])}\n"
    "function put(v){return[v>>>24&255,v>>>16&255,v>>>8&255,v&255]}\n"
    "function chunk(name,parts){var body=[];for(var c of name)body.push(c.charCodeAt(0));\n"
    "var size=0;parts.forEach(function(p){size+=p.length});\n"
    "var out=new Uint8Array(size+12);out.set(put(size),0);out.set(body,4);var at=8;\n"
    "parts.forEach(function(p){out.set(p,at);at+=p.length});var crc=0xffffffff;\n"
    "for(var q=4;q<at;q++)crc=table[(crc^out[q])&255]^(crc>>>8);\n"
    "out.set(put((crc^0xffffffff)>>>0),at);return out}\n"
    "var frames=[],now=null,ms=100,head=null,colors=null;\n"
    "for(i=8;i+12<=n;i+=u32(i)+12){var name=raw.substr(i+4,4),at=i+8,end=at+u32(i);\n"
    "if(name==='fcTL'){now={w:u32(at+4),h:u32(at+8),x:u32(at+12),y:u32(at+16),data:[]};\n"
    "ms=(b[at+20]<<8|b[at+21])*1000/((b[at+22]<<8|b[at+23])||100);frames.push(now)}\n"
    "else if(name==='IHDR')head=b.subarray(at+8,end);\n"
    "else if(name==='PLTE')colors=b.subarray(at,end);\n"
    "else if(name==='IDAT'&&now)now.data.push(b.subarray(at,end));\n"
    "else if(name==='fdAT'&&now)now.data.push(b.subarray(at+4,end))}\n"
    "Promise.all(frames.map(function(f){var parts=[new Uint8Array([137,80,78,71,13,10,26,10]),\n"
    "chunk('IHDR',[put(f.w),put(f.h),head])];\n"
    "if(colors)parts.push(chunk('PLTE',[colors]));\n"
    "parts.push(chunk('IDAT',f.data),chunk('IEND',[]));\n"
    "return createImageBitmap(new Blob(parts,{type:'image/png'}))})).then(function(maps){\n"
    "var canvas=document.createElement('canvas');canvas.width=frames[0].w;"
    "canvas.height=frames[0].h;\n"
    "canvas.style.cssText=img.style.cssText;canvas.setAttribute('role','img');\n"
    "canvas.setAttribute('aria-label',img.alt);\n"
    "var pen=canvas.getContext('2d'),shown=-1,timer=0;\n"
    "var slider=root.querySelector('input'),label=root.querySelector('output'),"
    "buttons=root.querySelectorAll('button');\n"
    "function show(k){var from=k>shown?shown+1:0;\n"
    "for(var q=from;q<=k;q++)pen.drawImage(maps[q],frames[q].x,frames[q].y);\n"
    "shown=k;slider.value=k;label.textContent=(k+1)+' / '+frames.length;"
    "slider.setAttribute('aria-valuetext','frame '+(k+1)+' of '+frames.length)}\n"
    "function stop(){clearInterval(timer);timer=0;buttons[1].textContent='\\u25b6';"
    "buttons[1].setAttribute('aria-label','play')}\n"
    "function play(){if(timer)return;buttons[1].textContent='\\u275a\\u275a';"
    "buttons[1].setAttribute('aria-label','stop');\n"
    "timer=setInterval(function(){if(!document.contains(root))return stop();"
    "show((shown+1)%%frames.length)},ms)}\n"
    "buttons[0].onclick=function(){stop();show((shown+frames.length-1)%%frames.length)};\n"
    "buttons[1].onclick=function(){timer?stop():play()};\n"
    "buttons[2].onclick=function(){stop();show((shown+1)%%frames.length)};\n"
    "slider.oninput=function(){stop();show(+slider.value)};\n"
    "img.replaceWith(canvas);root.lastElementChild.style.display='flex';show(0);\n"
    "var still=window.matchMedia&&matchMedia('(prefers-reduced-motion: reduce)').matches;\n"
    "if(!still&&frames.length>1)play()})})()";

static void controls(struct text *html, int n) {
    static const char button[] =
        "<button type=\"button\" aria-label=\"%s\" style=\"min-width:2.6em\">%s</button> ";
    text_adds(html, "<div style=\"display:none;align-items:center;gap:.3em;margin:.3em 0\">");
    text_addf(html, button, "one back", "&#9664;&#xfe0e;&#8739;");
    text_addf(html, button, "play", "&#9654;&#xfe0e;");
    text_addf(html, button, "one on", "&#8739;&#9654;&#xfe0e;");
    text_addf(html,
              "<input type=\"range\" aria-label=\"frame\" min=\"0\" max=\"%d\" value=\"0\" "
              "style=\"flex:1;max-width:24em\"/> <output aria-live=\"off\"></output></div>",
              n - 1);
}

enum { PLAYER_SCALE_PERCENT = 125 };

static bool picture(const struct frames *f, const struct figure *figure, struct text *html,
                    struct err *e) {
    struct text file = {0}, words = {0};
    bool ok = apng_write(f, &file, e);
    double scale = f->zoom ? 1 : f->scale;
    figure_describe_fully(figure, &words);
    text_addf(html, "<img style=\"width:%.0fpx;max-width:100%%\" alt=\"", round(f->w / scale));
    svg_escape(html, text_str(&words));
    text_adds(html, "\" src=\"data:image/png;base64,");
    ok = ok && (base64_write(html, text_str(&file)) || err_memory(e, file.n));
    text_adds(html, "\"/>\n");
    text_clear(&file);
    text_clear(&words);
    return ok;
}

/* Drawings can be inverted where a page is dark; photos cannot. */
static bool is_drawn(const struct figure *figure) {
    for (int i = 0; i < figure->n; i++)
        for (int k = 0; k < figure->plots[i]->n_marks; k++) {
            const struct mark *m = &figure->plots[i]->marks[k];
            bool mapped = m->by_class || (m->colormap && strncmp(m->colormap, "gray", 4) != 0);
            if (m->kind == MARK_IMAGE && !mapped) return false;
        }
    return true;
}

bool player_html(const struct figure *figure, struct text *html, struct err *e) {
    struct frames f;
    char name[32];
    struct text image = {0};
    bool ok =
        frames_open(&f, figure, PLAYER_SCALE_PERCENT / 100.0, e) && picture(&f, figure, &image, e);
    uint64_t hash = 0;
    for (size_t i = 0; i < image.n; i += 1 + image.n / 4096)
        hash = hash_mix(hash ^ (unsigned char)image.p[i]);
    snprintf(name, sizeof name, "awml-%012llx", (unsigned long long)(hash >> 16));
    if (ok) {
        text_addf(html,
                  "<div class=\"%s%s\" role=\"group\" aria-label=\"animation\" "
                  "style=\"max-width:100%%\">\n",
                  name, is_drawn(figure) ? " awml-drawn" : "");
        text_add(html, text_str(&image));
        controls(html, f.n);
        text_adds(html, "</div>\n<script>");
        text_addf(html, script, name);
        text_adds(html, "</script>\n");
        ok = !html->failed || err_memory(e, html->n);
    }
    text_clear(&image);
    return ok;
}
