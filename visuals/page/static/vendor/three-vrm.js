/* @pixiv/three-vrm 3.5.5, MIT; see versions.json */
/*! (c) 2019-2026 pixiv Inc. - https://github.com/pixiv/three-vrm/blob/release/LICENSE */var Ee=(e,t,i)=>new Promise((r,n)=>{var o=a=>{try{l(i.next(a))}catch(u){n(u)}},s=a=>{try{l(i.throw(a))}catch(u){n(u)}},l=a=>a.done?r(a.value):Promise.resolve(a.value).then(o,s);l((i=i.apply(e,t)).next())});import*as on from"./three.module.js";import*as ee from"./three.module.js";import*as pi from"./three.module.js";import*as an from"./three.module.js";import*as te from"./three.module.js";import*as ce from"./three.module.js";import*as ci from"./three.module.js";import*as z from"./three.module.js";import*as b from"./three.module.js";import*as Ke from"./three.module.js";import*as me from"./three.module.js";import*as I from"./three.module.js";import*as mi from"./three.module.js";import*as L from"./three.module.js";import*as fi from"./three.module.js";import*as sn from"./three.module.js";var w=(e,t,i)=>new Promise((r,n)=>{var o=a=>{try{l(i.next(a))}catch(u){n(u)}},s=a=>{try{l(i.throw(a))}catch(u){n(u)}},l=a=>a.done?r(a.value):Promise.resolve(a.value).then(o,s);l((i=i.apply(e,t)).next())}),et=class extends on.Object3D{constructor(e){super(),this.weight=0,this.isBinary=!1,this.overrideBlink="none",this.overrideLookAt="none",this.overrideMouth="none",this._binds=[],this.name=`VRMExpression_${e}`,this.expressionName=e,this.type="VRMExpression",this.visible=!1}get binds(){return this._binds}get overrideBlinkAmount(){return this.overrideBlink==="block"?0<this.outputWeight?1:0:this.overrideBlink==="blend"?this.outputWeight:0}get overrideLookAtAmount(){return this.overrideLookAt==="block"?0<this.outputWeight?1:0:this.overrideLookAt==="blend"?this.outputWeight:0}get overrideMouthAmount(){return this.overrideMouth==="block"?0<this.outputWeight?1:0:this.overrideMouth==="blend"?this.outputWeight:0}get outputWeight(){return this.isBinary?this.weight>.5?1:0:this.weight}addBind(e){this._binds.push(e)}deleteBind(e){let t=this._binds.indexOf(e);t>=0&&this._binds.splice(t,1)}applyWeight(e){var t;let i=this.outputWeight;i*=(t=e?.multiplier)!=null?t:1,this.isBinary&&i<1&&(i=0),this._binds.forEach(r=>r.applyWeight(i))}clearAppliedWeight(){this._binds.forEach(e=>e.clearAppliedWeight())}};function gi(e,t,i){var r,n;let o=e.parser.json,s=(r=o.nodes)==null?void 0:r[t];if(s==null)return console.warn(`extractPrimitivesInternal: Attempt to use nodes[${t}] of glTF but the node doesn't exist`),null;let l=s.mesh;if(l==null)return null;let a=(n=o.meshes)==null?void 0:n[l];if(a==null)return console.warn(`extractPrimitivesInternal: Attempt to use meshes[${l}] of glTF but the mesh doesn't exist`),null;let u=a.primitives.length,h=[];return i.traverse(p=>{h.length<u&&p.isMesh&&h.push(p)}),h}function _i(e,t){return w(this,null,function*(){let i=yield e.parser.getDependency("node",t);return gi(e,t,i)})}function vi(e){return w(this,null,function*(){let t=yield e.parser.getDependencies("node"),i=new Map;return t.forEach((r,n)=>{let o=gi(e,n,r);o!=null&&i.set(n,o)}),i})}var Ae={Aa:"aa",Ih:"ih",Ou:"ou",Ee:"ee",Oh:"oh",Blink:"blink",Happy:"happy",Angry:"angry",Sad:"sad",Relaxed:"relaxed",LookUp:"lookUp",Surprised:"surprised",LookDown:"lookDown",LookLeft:"lookLeft",LookRight:"lookRight",BlinkLeft:"blinkLeft",BlinkRight:"blinkRight",Neutral:"neutral"};function Mi(e){return Math.max(Math.min(e,1),0)}var tt=class yr{constructor(){this.blinkExpressionNames=["blink","blinkLeft","blinkRight"],this.lookAtExpressionNames=["lookLeft","lookRight","lookUp","lookDown"],this.mouthExpressionNames=["aa","ee","ih","oh","ou"],this._expressions=[],this._expressionMap={}}get expressions(){return this._expressions.concat()}get expressionMap(){return Object.assign({},this._expressionMap)}get presetExpressionMap(){let t={},i=new Set(Object.values(Ae));return Object.entries(this._expressionMap).forEach(([r,n])=>{i.has(r)&&(t[r]=n)}),t}get customExpressionMap(){let t={},i=new Set(Object.values(Ae));return Object.entries(this._expressionMap).forEach(([r,n])=>{i.has(r)||(t[r]=n)}),t}copy(t){return this._expressions.concat().forEach(i=>{this.unregisterExpression(i)}),t._expressions.forEach(i=>{this.registerExpression(i)}),this.blinkExpressionNames=t.blinkExpressionNames.concat(),this.lookAtExpressionNames=t.lookAtExpressionNames.concat(),this.mouthExpressionNames=t.mouthExpressionNames.concat(),this}clone(){return new yr().copy(this)}getExpression(t){var i;return(i=this._expressionMap[t])!=null?i:null}registerExpression(t){this._expressions.push(t),this._expressionMap[t.expressionName]=t}unregisterExpression(t){let i=this._expressions.indexOf(t);i===-1&&console.warn("VRMExpressionManager: The specified expressions is not registered"),this._expressions.splice(i,1),delete this._expressionMap[t.expressionName]}getValue(t){var i;let r=this.getExpression(t);return(i=r?.weight)!=null?i:null}setValue(t,i){let r=this.getExpression(t);r&&(r.weight=Mi(i))}resetValues(){this._expressions.forEach(t=>{t.weight=0})}getExpressionTrackName(t){let i=this.getExpression(t);return i?`${i.name}.weight`:null}update(){let t=this._calculateWeightMultipliers();this._expressions.forEach(i=>{i.clearAppliedWeight()}),this._expressions.forEach(i=>{let r=1,n=i.expressionName;this.blinkExpressionNames.indexOf(n)!==-1&&(r*=t.blink),this.lookAtExpressionNames.indexOf(n)!==-1&&(r*=t.lookAt),this.mouthExpressionNames.indexOf(n)!==-1&&(r*=t.mouth),i.applyWeight({multiplier:r})})}_calculateWeightMultipliers(){let t=1,i=1,r=1;return this._expressions.forEach(n=>{t-=n.overrideBlinkAmount,i-=n.overrideLookAtAmount,r-=n.overrideMouthAmount}),t=Math.max(0,t),i=Math.max(0,i),r=Math.max(0,r),{blink:t,lookAt:i,mouth:r}}},ie={Color:"color",EmissionColor:"emissionColor",ShadeColor:"shadeColor",MatcapColor:"matcapColor",RimColor:"rimColor",OutlineColor:"outlineColor"},ln={_Color:ie.Color,_EmissionColor:ie.EmissionColor,_ShadeColor:ie.ShadeColor,_RimColor:ie.RimColor,_OutlineColor:ie.OutlineColor},un=new pi.Color,xi=class wr{constructor({material:t,type:i,targetValue:r,targetAlpha:n}){this.material=t,this.type=i,this.targetValue=r,this.targetAlpha=n??1;let o=this._initColorBindState(),s=this._initAlphaBindState();this._state={color:o,alpha:s}}applyWeight(t){let{color:i,alpha:r}=this._state;if(i!=null){let{propertyName:n,deltaValue:o}=i,s=this.material[n];s?.add(un.copy(o).multiplyScalar(t))}if(r!=null){let{propertyName:n,deltaValue:o}=r;this.material[n]!=null&&(this.material[n]+=o*t)}}clearAppliedWeight(){let{color:t,alpha:i}=this._state;if(t!=null){let{propertyName:r,initialValue:n}=t,o=this.material[r];o?.copy(n)}if(i!=null){let{propertyName:r,initialValue:n}=i;this.material[r]!=null&&(this.material[r]=n)}}_initColorBindState(){var t,i,r;let{material:n,type:o,targetValue:s}=this,l=this._getPropertyNameMap(),a=(i=(t=l?.[o])==null?void 0:t[0])!=null?i:null;if(a==null)return console.warn(`Tried to add a material color bind to the material ${(r=n.name)!=null?r:"(no name)"}, the type ${o} but the material or the type is not supported.`),null;let u=n[a].clone(),h=new pi.Color(s.r-u.r,s.g-u.g,s.b-u.b);return{propertyName:a,initialValue:u,deltaValue:h}}_initAlphaBindState(){var t,i,r;let{material:n,type:o,targetAlpha:s}=this,l=this._getPropertyNameMap(),a=(i=(t=l?.[o])==null?void 0:t[1])!=null?i:null;if(a==null&&s!==1)return console.warn(`Tried to add a material alpha bind to the material ${(r=n.name)!=null?r:"(no name)"}, the type ${o} but the material or the type does not support alpha.`),null;if(a==null)return null;let u=n[a],h=s-u;return{propertyName:a,initialValue:u,deltaValue:h}}_getPropertyNameMap(){var t,i;return(i=(t=Object.entries(wr._propertyNameMapMap).find(([r])=>this.material[r]===!0))==null?void 0:t[1])!=null?i:null}};xi._propertyNameMapMap={isMeshStandardMaterial:{color:["color","opacity"],emissionColor:["emissive",null]},isMeshBasicMaterial:{color:["color","opacity"]},isMToonMaterial:{color:["color","opacity"],emissionColor:["emissive",null],outlineColor:["outlineColorFactor",null],matcapColor:["matcapFactor",null],rimColor:["parametricRimColorFactor",null],shadeColor:["shadeColorFactor",null]}};var it=xi,fe=class{constructor({primitives:e,index:t,weight:i}){this.primitives=e,this.index=t,this.weight=i}applyWeight(e){this.primitives.forEach(t=>{var i;((i=t.morphTargetInfluences)==null?void 0:i[this.index])!=null&&(t.morphTargetInfluences[this.index]+=this.weight*e)})}clearAppliedWeight(){this.primitives.forEach(e=>{var t;((t=e.morphTargetInfluences)==null?void 0:t[this.index])!=null&&(e.morphTargetInfluences[this.index]=0)})}},yi=new an.Vector2,wi=class Rr{constructor({material:t,scale:i,offset:r}){var n,o;this.material=t,this.scale=i,this.offset=r;let s=(n=Object.entries(Rr._propertyNamesMap).find(([l])=>t[l]===!0))==null?void 0:n[1];s==null?(console.warn(`Tried to add a texture transform bind to the material ${(o=t.name)!=null?o:"(no name)"} but the material is not supported.`),this._properties=[]):(this._properties=[],s.forEach(l=>{var a;let u=(a=t[l])==null?void 0:a.clone();if(!u)return null;t[l]=u;let h=u.offset.clone(),p=u.repeat.clone(),d=r.clone().sub(h),c=i.clone().sub(p);this._properties.push({name:l,initialOffset:h,deltaOffset:d,initialScale:p,deltaScale:c})}))}applyWeight(t){this._properties.forEach(i=>{let r=this.material[i.name];r!==void 0&&(r.offset.add(yi.copy(i.deltaOffset).multiplyScalar(t)),r.repeat.add(yi.copy(i.deltaScale).multiplyScalar(t)))})}clearAppliedWeight(){this._properties.forEach(t=>{let i=this.material[t.name];i!==void 0&&(i.offset.copy(t.initialOffset),i.repeat.copy(t.initialScale))})}};wi._propertyNamesMap={isMeshStandardMaterial:["map","emissiveMap","bumpMap","normalMap","displacementMap","roughnessMap","metalnessMap","alphaMap"],isMeshBasicMaterial:["map","specularMap","alphaMap"],isMToonMaterial:["map","normalMap","emissiveMap","shadeMultiplyTexture","rimMultiplyTexture","outlineWidthMultiplyTexture","uvAnimationMaskTexture"]};var rt=wi,dn=new Set(["1.0","1.0-beta"]),Ri=class Tr{get name(){return"VRMExpressionLoaderPlugin"}constructor(t){this.parser=t}afterRoot(t){return w(this,null,function*(){t.userData.vrmExpressionManager=yield this._import(t)})}_import(t){return w(this,null,function*(){let i=yield this._v1Import(t);return i||(yield this._v0Import(t))||null})}_v1Import(t){return w(this,null,function*(){var i,r;let n=this.parser.json;if(((i=n.extensionsUsed)==null?void 0:i.indexOf("VRMC_vrm"))===-1)return null;let o=(r=n.extensions)==null?void 0:r.VRMC_vrm;if(!o)return null;let s=o.specVersion;if(!dn.has(s))return console.warn(`VRMExpressionLoaderPlugin: Unknown VRMC_vrm specVersion "${s}"`),null;let l=o.expressions;if(!l)return null;let a=new Set(Object.values(Ae)),u=new Map;l.preset!=null&&Object.entries(l.preset).forEach(([p,d])=>{if(d!=null){if(!a.has(p)){console.warn(`VRMExpressionLoaderPlugin: Unknown preset name "${p}" detected. Ignoring the expression`);return}u.set(p,d)}}),l.custom!=null&&Object.entries(l.custom).forEach(([p,d])=>{if(a.has(p)){console.warn(`VRMExpressionLoaderPlugin: Custom expression cannot have preset name "${p}". Ignoring the expression`);return}u.set(p,d)});let h=new tt;return yield Promise.all(Array.from(u.entries()).map(p=>w(this,[p],function*([d,c]){var f,m,g,v,x,R,M;let _=new et(d);if(t.scene.add(_),_.isBinary=(f=c.isBinary)!=null?f:!1,_.overrideBlink=(m=c.overrideBlink)!=null?m:"none",_.overrideLookAt=(g=c.overrideLookAt)!=null?g:"none",_.overrideMouth=(v=c.overrideMouth)!=null?v:"none",(x=c.morphTargetBinds)==null||x.forEach(y=>w(this,null,function*(){var S;if(y.node===void 0||y.index===void 0)return;let T=yield _i(t,y.node),P=y.index;if(!T.every(A=>Array.isArray(A.morphTargetInfluences)&&P<A.morphTargetInfluences.length)){console.warn(`VRMExpressionLoaderPlugin: ${c.name} attempts to index morph #${P} but not found.`);return}_.addBind(new fe({primitives:T,index:P,weight:(S=y.weight)!=null?S:1}))})),c.materialColorBinds||c.textureTransformBinds){let y=[];t.scene.traverse(S=>{let T=S.material;T&&(Array.isArray(T)?y.push(...T):y.push(T))}),(R=c.materialColorBinds)==null||R.forEach(S=>w(this,null,function*(){y.filter(T=>{var P;let A=(P=this.parser.associations.get(T))==null?void 0:P.materials;return S.material===A}).forEach(T=>{_.addBind(new it({material:T,type:S.type,targetValue:new ee.Color().fromArray(S.targetValue),targetAlpha:S.targetValue[3]}))})})),(M=c.textureTransformBinds)==null||M.forEach(S=>w(this,null,function*(){y.filter(T=>{var P;let A=(P=this.parser.associations.get(T))==null?void 0:P.materials;return S.material===A}).forEach(T=>{var P,A;_.addBind(new rt({material:T,offset:new ee.Vector2().fromArray((P=S.offset)!=null?P:[0,0]),scale:new ee.Vector2().fromArray((A=S.scale)!=null?A:[1,1])}))})}))}h.registerExpression(_)}))),h})}_v0Import(t){return w(this,null,function*(){var i;let r=this.parser.json,n=(i=r.extensions)==null?void 0:i.VRM;if(!n)return null;let o=n.blendShapeMaster;if(!o)return null;let s=new tt,l=o.blendShapeGroups;if(!l)return s;let a=new Set;return yield Promise.all(l.map(u=>w(this,null,function*(){var h;let p=u.presetName,d=p!=null&&Tr.v0v1PresetNameMap[p]||null,c=d??u.name;if(c==null){console.warn("VRMExpressionLoaderPlugin: One of custom expressions has no name. Ignoring the expression");return}if(a.has(c)){console.warn(`VRMExpressionLoaderPlugin: An expression preset ${p} has duplicated entries. Ignoring the expression`);return}a.add(c);let f=new et(c);t.scene.add(f),f.isBinary=(h=u.isBinary)!=null?h:!1,u.binds&&u.binds.forEach(g=>w(this,null,function*(){var v;if(g.mesh===void 0||g.index===void 0)return;let x=[];if((v=r.nodes)==null||v.forEach((M,_)=>{M.mesh===g.mesh&&x.push(_)}),x.length===0){console.warn(`VRMExpressionLoaderPlugin: ${u.name} attempts to bind a morph target to the mesh #${g.mesh} but the mesh is not found or not used in the scene. Ignoring the bind.`);return}let R=g.index;yield Promise.all(x.map(M=>w(this,null,function*(){var _;let y=yield _i(t,M);if(!y.every(S=>Array.isArray(S.morphTargetInfluences)&&R<S.morphTargetInfluences.length)){console.warn(`VRMExpressionLoaderPlugin: ${u.name} attempts to index ${R}th morph but not found.`);return}f.addBind(new fe({primitives:y,index:R,weight:.01*((_=g.weight)!=null?_:100)}))})))}));let m=u.materialValues;m&&m.length!==0&&m.forEach(g=>{if(g.materialName===void 0||g.propertyName===void 0||g.targetValue===void 0)return;let v=[];t.scene.traverse(R=>{if(R.material){let M=R.material;Array.isArray(M)?v.push(...M.filter(_=>(_.name===g.materialName||_.name===g.materialName+" (Outline)")&&v.indexOf(_)===-1)):M.name===g.materialName&&v.indexOf(M)===-1&&v.push(M)}});let x=g.propertyName;v.forEach(R=>{if(x==="_MainTex_ST"){let _=new ee.Vector2(g.targetValue[0],g.targetValue[1]),y=new ee.Vector2(g.targetValue[2],g.targetValue[3]);y.y=1-y.y-_.y,f.addBind(new rt({material:R,scale:_,offset:y}));return}let M=ln[x];if(M){f.addBind(new it({material:R,type:M,targetValue:new ee.Color().fromArray(g.targetValue),targetAlpha:g.targetValue[3]}));return}console.warn(x+" is not supported")})}),s.registerExpression(f)}))),s})}};Ri.v0v1PresetNameMap={a:"aa",e:"ee",i:"ih",o:"oh",u:"ou",blink:"blink",joy:"happy",angry:"angry",sorrow:"sad",fun:"relaxed",lookup:"lookUp",lookdown:"lookDown",lookleft:"lookLeft",lookright:"lookRight",blink_l:"blinkLeft",blink_r:"blinkRight",neutral:"neutral"};var nt=Ri,hn={None:"none",Block:"block",Blend:"blend"},ot=class le{constructor(t,i){this._firstPersonOnlyLayer=le.DEFAULT_FIRSTPERSON_ONLY_LAYER,this._thirdPersonOnlyLayer=le.DEFAULT_THIRDPERSON_ONLY_LAYER,this._initializedLayers=!1,this.humanoid=t,this.meshAnnotations=i}copy(t){if(this.humanoid!==t.humanoid)throw new Error("VRMFirstPerson: humanoid must be same in order to copy");return this.meshAnnotations=t.meshAnnotations.map(i=>({meshes:i.meshes.concat(),type:i.type})),this}clone(){return new le(this.humanoid,this.meshAnnotations).copy(this)}get firstPersonOnlyLayer(){return this._firstPersonOnlyLayer}get thirdPersonOnlyLayer(){return this._thirdPersonOnlyLayer}setup({firstPersonOnlyLayer:t=le.DEFAULT_FIRSTPERSON_ONLY_LAYER,thirdPersonOnlyLayer:i=le.DEFAULT_THIRDPERSON_ONLY_LAYER}={}){this._initializedLayers||(this._firstPersonOnlyLayer=t,this._thirdPersonOnlyLayer=i,this.meshAnnotations.forEach(r=>{r.meshes.forEach(n=>{r.type==="firstPersonOnly"?(n.layers.set(this._firstPersonOnlyLayer),n.traverse(o=>o.layers.set(this._firstPersonOnlyLayer))):r.type==="thirdPersonOnly"?(n.layers.set(this._thirdPersonOnlyLayer),n.traverse(o=>o.layers.set(this._thirdPersonOnlyLayer))):r.type==="auto"&&this._createHeadlessModel(n)})}),this._initializedLayers=!0)}_excludeTriangles(t,i,r,n){let o=0;if(i!=null&&i.length>0)for(let s=0;s<t.length;s+=3){let l=t[s],a=t[s+1],u=t[s+2],h=i[l],p=r[l];if(h[0]>0&&n.includes(p[0])||h[1]>0&&n.includes(p[1])||h[2]>0&&n.includes(p[2])||h[3]>0&&n.includes(p[3]))continue;let d=i[a],c=r[a];if(d[0]>0&&n.includes(c[0])||d[1]>0&&n.includes(c[1])||d[2]>0&&n.includes(c[2])||d[3]>0&&n.includes(c[3]))continue;let f=i[u],m=r[u];f[0]>0&&n.includes(m[0])||f[1]>0&&n.includes(m[1])||f[2]>0&&n.includes(m[2])||f[3]>0&&n.includes(m[3])||(t[o++]=l,t[o++]=a,t[o++]=u)}return o}_createErasedMesh(t,i){let r=new te.SkinnedMesh(t.geometry.clone(),t.material);r.name=`${t.name}(erase)`,r.frustumCulled=t.frustumCulled,r.layers.set(this._firstPersonOnlyLayer);let n=r.geometry,o=n.getAttribute("skinIndex"),s=o instanceof te.GLBufferAttribute?[]:o.array,l=[];for(let m=0;m<s.length;m+=4)l.push([s[m],s[m+1],s[m+2],s[m+3]]);let a=n.getAttribute("skinWeight"),u=a instanceof te.GLBufferAttribute?[]:a.array,h=[];for(let m=0;m<u.length;m+=4)h.push([u[m],u[m+1],u[m+2],u[m+3]]);let p=n.getIndex();if(!p)throw new Error("The geometry doesn't have an index buffer");let d=Array.from(p.array),c=this._excludeTriangles(d,h,l,i),f=[];for(let m=0;m<c;m++)f[m]=d[m];return n.setIndex(f),t.onBeforeRender&&(r.onBeforeRender=t.onBeforeRender),r.bind(new te.Skeleton(t.skeleton.bones,t.skeleton.boneInverses),new te.Matrix4),r}_createHeadlessModelForSkinnedMesh(t,i){let r=[];if(i.skeleton.bones.forEach((o,s)=>{this._isEraseTarget(o)&&r.push(s)}),!r.length){i.layers.enable(this._thirdPersonOnlyLayer),i.layers.enable(this._firstPersonOnlyLayer);return}i.layers.set(this._thirdPersonOnlyLayer);let n=this._createErasedMesh(i,r);t.add(n)}_createHeadlessModel(t){if(t.type==="Group")if(t.layers.set(this._thirdPersonOnlyLayer),this._isEraseTarget(t))t.traverse(i=>i.layers.set(this._thirdPersonOnlyLayer));else{let i=new te.Group;i.name=`_headless_${t.name}`,i.layers.set(this._firstPersonOnlyLayer),t.parent.add(i),t.children.filter(r=>r.type==="SkinnedMesh").forEach(r=>{let n=r;this._createHeadlessModelForSkinnedMesh(i,n)})}else if(t.type==="SkinnedMesh"){let i=t;this._createHeadlessModelForSkinnedMesh(t.parent,i)}else this._isEraseTarget(t)&&(t.layers.set(this._thirdPersonOnlyLayer),t.traverse(i=>i.layers.set(this._thirdPersonOnlyLayer)))}_isEraseTarget(t){return t===this.humanoid.getRawBoneNode("head")?!0:t.parent?this._isEraseTarget(t.parent):!1}};ot.DEFAULT_FIRSTPERSON_ONLY_LAYER=9,ot.DEFAULT_THIRDPERSON_ONLY_LAYER=10;var at=ot,pn=new Set(["1.0","1.0-beta"]),st=class{get name(){return"VRMFirstPersonLoaderPlugin"}constructor(e){this.parser=e}afterRoot(e){return w(this,null,function*(){let t=e.userData.vrmHumanoid;if(t!==null){if(t===void 0)throw new Error("VRMFirstPersonLoaderPlugin: vrmHumanoid is undefined. VRMHumanoidLoaderPlugin have to be used first");e.userData.vrmFirstPerson=yield this._import(e,t)}})}_import(e,t){return w(this,null,function*(){if(t==null)return null;let i=yield this._v1Import(e,t);return i||(yield this._v0Import(e,t))||null})}_v1Import(e,t){return w(this,null,function*(){var i,r;let n=this.parser.json;if(((i=n.extensionsUsed)==null?void 0:i.indexOf("VRMC_vrm"))===-1)return null;let o=(r=n.extensions)==null?void 0:r.VRMC_vrm;if(!o)return null;let s=o.specVersion;if(!pn.has(s))return console.warn(`VRMFirstPersonLoaderPlugin: Unknown VRMC_vrm specVersion "${s}"`),null;let l=o.firstPerson,a=[],u=yield vi(e);return Array.from(u.entries()).forEach(([h,p])=>{var d,c;let f=(d=l?.meshAnnotations)==null?void 0:d.find(m=>m.node===h);a.push({meshes:p,type:(c=f?.type)!=null?c:"auto"})}),new at(t,a)})}_v0Import(e,t){return w(this,null,function*(){var i;let r=this.parser.json,n=(i=r.extensions)==null?void 0:i.VRM;if(!n)return null;let o=n.firstPerson;if(!o)return null;let s=[],l=yield vi(e);return Array.from(l.entries()).forEach(([a,u])=>{let h=r.nodes[a],p=o.meshAnnotations?o.meshAnnotations.find(d=>d.mesh===h.mesh):void 0;s.push({meshes:u,type:this._convertV0FlagToV1Type(p?.firstPersonFlag)})}),new at(t,s)})}_convertV0FlagToV1Type(e){return e==="FirstPersonOnly"?"firstPersonOnly":e==="ThirdPersonOnly"?"thirdPersonOnly":e==="Both"?"both":"auto"}},cn={Auto:"auto",Both:"both",ThirdPersonOnly:"thirdPersonOnly",FirstPersonOnly:"firstPersonOnly"},Ti=new ce.Vector3,Pi=new ce.Vector3,mn=new ce.Quaternion,lt=class extends ce.Group{constructor(e){super(),this.vrmHumanoid=e,this._boneAxesMap=new Map,Object.values(e.humanBones).forEach(t=>{let i=new ce.AxesHelper(1);i.matrixAutoUpdate=!1,i.material.depthTest=!1,i.material.depthWrite=!1,this.add(i),this._boneAxesMap.set(t,i)})}dispose(){Array.from(this._boneAxesMap.values()).forEach(e=>{e.geometry.dispose(),e.material.dispose()})}updateMatrixWorld(e){Array.from(this._boneAxesMap.entries()).forEach(([t,i])=>{t.node.updateWorldMatrix(!0,!1),t.node.matrixWorld.decompose(Ti,mn,Pi);let r=Ti.set(.1,.1,.1).divide(Pi);i.matrix.copy(t.node.matrixWorld).scale(r)}),super.updateMatrixWorld(e)}},Le=["hips","spine","chest","upperChest","neck","head","leftEye","rightEye","jaw","leftUpperLeg","leftLowerLeg","leftFoot","leftToes","rightUpperLeg","rightLowerLeg","rightFoot","rightToes","leftShoulder","leftUpperArm","leftLowerArm","leftHand","rightShoulder","rightUpperArm","rightLowerArm","rightHand","leftThumbMetacarpal","leftThumbProximal","leftThumbDistal","leftIndexProximal","leftIndexIntermediate","leftIndexDistal","leftMiddleProximal","leftMiddleIntermediate","leftMiddleDistal","leftRingProximal","leftRingIntermediate","leftRingDistal","leftLittleProximal","leftLittleIntermediate","leftLittleDistal","rightThumbMetacarpal","rightThumbProximal","rightThumbDistal","rightIndexProximal","rightIndexIntermediate","rightIndexDistal","rightMiddleProximal","rightMiddleIntermediate","rightMiddleDistal","rightRingProximal","rightRingIntermediate","rightRingDistal","rightLittleProximal","rightLittleIntermediate","rightLittleDistal"],fn={Hips:"hips",Spine:"spine",Chest:"chest",UpperChest:"upperChest",Neck:"neck",Head:"head",LeftEye:"leftEye",RightEye:"rightEye",Jaw:"jaw",LeftUpperLeg:"leftUpperLeg",LeftLowerLeg:"leftLowerLeg",LeftFoot:"leftFoot",LeftToes:"leftToes",RightUpperLeg:"rightUpperLeg",RightLowerLeg:"rightLowerLeg",RightFoot:"rightFoot",RightToes:"rightToes",LeftShoulder:"leftShoulder",LeftUpperArm:"leftUpperArm",LeftLowerArm:"leftLowerArm",LeftHand:"leftHand",RightShoulder:"rightShoulder",RightUpperArm:"rightUpperArm",RightLowerArm:"rightLowerArm",RightHand:"rightHand",LeftThumbMetacarpal:"leftThumbMetacarpal",LeftThumbProximal:"leftThumbProximal",LeftThumbDistal:"leftThumbDistal",LeftIndexProximal:"leftIndexProximal",LeftIndexIntermediate:"leftIndexIntermediate",LeftIndexDistal:"leftIndexDistal",LeftMiddleProximal:"leftMiddleProximal",LeftMiddleIntermediate:"leftMiddleIntermediate",LeftMiddleDistal:"leftMiddleDistal",LeftRingProximal:"leftRingProximal",LeftRingIntermediate:"leftRingIntermediate",LeftRingDistal:"leftRingDistal",LeftLittleProximal:"leftLittleProximal",LeftLittleIntermediate:"leftLittleIntermediate",LeftLittleDistal:"leftLittleDistal",RightThumbMetacarpal:"rightThumbMetacarpal",RightThumbProximal:"rightThumbProximal",RightThumbDistal:"rightThumbDistal",RightIndexProximal:"rightIndexProximal",RightIndexIntermediate:"rightIndexIntermediate",RightIndexDistal:"rightIndexDistal",RightMiddleProximal:"rightMiddleProximal",RightMiddleIntermediate:"rightMiddleIntermediate",RightMiddleDistal:"rightMiddleDistal",RightRingProximal:"rightRingProximal",RightRingIntermediate:"rightRingIntermediate",RightRingDistal:"rightRingDistal",RightLittleProximal:"rightLittleProximal",RightLittleIntermediate:"rightLittleIntermediate",RightLittleDistal:"rightLittleDistal"},Si={hips:null,spine:"hips",chest:"spine",upperChest:"chest",neck:"upperChest",head:"neck",leftEye:"head",rightEye:"head",jaw:"head",leftUpperLeg:"hips",leftLowerLeg:"leftUpperLeg",leftFoot:"leftLowerLeg",leftToes:"leftFoot",rightUpperLeg:"hips",rightLowerLeg:"rightUpperLeg",rightFoot:"rightLowerLeg",rightToes:"rightFoot",leftShoulder:"upperChest",leftUpperArm:"leftShoulder",leftLowerArm:"leftUpperArm",leftHand:"leftLowerArm",rightShoulder:"upperChest",rightUpperArm:"rightShoulder",rightLowerArm:"rightUpperArm",rightHand:"rightLowerArm",leftThumbMetacarpal:"leftHand",leftThumbProximal:"leftThumbMetacarpal",leftThumbDistal:"leftThumbProximal",leftIndexProximal:"leftHand",leftIndexIntermediate:"leftIndexProximal",leftIndexDistal:"leftIndexIntermediate",leftMiddleProximal:"leftHand",leftMiddleIntermediate:"leftMiddleProximal",leftMiddleDistal:"leftMiddleIntermediate",leftRingProximal:"leftHand",leftRingIntermediate:"leftRingProximal",leftRingDistal:"leftRingIntermediate",leftLittleProximal:"leftHand",leftLittleIntermediate:"leftLittleProximal",leftLittleDistal:"leftLittleIntermediate",rightThumbMetacarpal:"rightHand",rightThumbProximal:"rightThumbMetacarpal",rightThumbDistal:"rightThumbProximal",rightIndexProximal:"rightHand",rightIndexIntermediate:"rightIndexProximal",rightIndexDistal:"rightIndexIntermediate",rightMiddleProximal:"rightHand",rightMiddleIntermediate:"rightMiddleProximal",rightMiddleDistal:"rightMiddleIntermediate",rightRingProximal:"rightHand",rightRingIntermediate:"rightRingProximal",rightRingDistal:"rightRingIntermediate",rightLittleProximal:"rightHand",rightLittleIntermediate:"rightLittleProximal",rightLittleDistal:"rightLittleIntermediate"};function Ei(e){return e.invert?e.invert():e.inverse(),e}var Q=new ci.Vector3,j=new ci.Quaternion,ut=class{constructor(e){this.humanBones=e,this.restPose=this.getAbsolutePose()}getAbsolutePose(){let e={};return Object.keys(this.humanBones).forEach(t=>{let i=t,r=this.getBoneNode(i);r&&(Q.copy(r.position),j.copy(r.quaternion),e[i]={position:Q.toArray(),rotation:j.toArray()})}),e}getPose(){let e={};return Object.keys(this.humanBones).forEach(t=>{let i=t,r=this.getBoneNode(i);if(!r)return;Q.set(0,0,0),j.identity();let n=this.restPose[i];n!=null&&n.position&&Q.fromArray(n.position).negate(),n!=null&&n.rotation&&Ei(j.fromArray(n.rotation)),Q.add(r.position),j.premultiply(r.quaternion),e[i]={position:Q.toArray(),rotation:j.toArray()}}),e}setPose(e){Object.entries(e).forEach(([t,i])=>{let r=t,n=this.getBoneNode(r);if(!n)return;let o=this.restPose[r];o&&(i!=null&&i.position&&(n.position.fromArray(i.position),o.position&&n.position.add(Q.fromArray(o.position))),i!=null&&i.rotation&&(n.quaternion.fromArray(i.rotation),o.rotation&&n.quaternion.multiply(j.fromArray(o.rotation))))})}resetPose(){Object.entries(this.restPose).forEach(([e,t])=>{let i=this.getBoneNode(e);i&&(t!=null&&t.position&&i.position.fromArray(t.position),t!=null&&t.rotation&&i.quaternion.fromArray(t.rotation))})}getBone(e){var t;return(t=this.humanBones[e])!=null?t:void 0}getBoneNode(e){var t,i;return(i=(t=this.humanBones[e])==null?void 0:t.node)!=null?i:null}},dt=new z.Vector3,gn=new z.Quaternion,_n=new z.Vector3,Ai=class Pr extends ut{static _setupTransforms(t){let i=new z.Object3D;i.name="VRMHumanoidRig";let r={},n={},o={},s={};Le.forEach(a=>{var u;let h=t.getBoneNode(a);if(h){let p=new z.Vector3,d=new z.Quaternion;h.updateWorldMatrix(!0,!1),h.matrixWorld.decompose(p,d,dt),r[a]=p,n[a]=d,o[a]=h.quaternion.clone();let c=new z.Quaternion;(u=h.parent)==null||u.matrixWorld.decompose(dt,c,dt),s[a]=c}});let l={};return Le.forEach(a=>{var u;let h=t.getBoneNode(a);if(h){let p=r[a],d=a,c;for(;c==null&&(d=Si[d],d!=null);)c=r[d];let f=new z.Object3D;f.name="Normalized_"+h.name,(d?(u=l[d])==null?void 0:u.node:i).add(f),f.position.copy(p),c&&f.position.sub(c),l[a]={node:f}}}),{rigBones:l,root:i,parentWorldRotations:s,boneRotations:o}}constructor(t){let{rigBones:i,root:r,parentWorldRotations:n,boneRotations:o}=Pr._setupTransforms(t);super(i),this.original=t,this.root=r,this._parentWorldRotations=n,this._boneRotations=o}update(){Le.forEach(t=>{let i=this.original.getBoneNode(t);if(i!=null){let r=this.getBoneNode(t),n=this._parentWorldRotations[t],o=gn.copy(n).invert(),s=this._boneRotations[t];if(i.quaternion.copy(r.quaternion).multiply(n).premultiply(o).multiply(s),t==="hips"){let l=r.getWorldPosition(_n);i.parent.updateWorldMatrix(!0,!1);let a=i.parent.matrixWorld,u=l.applyMatrix4(a.invert());i.position.copy(u)}}})}},ht=class Sr{get restPose(){return console.warn("VRMHumanoid: restPose is deprecated. Use either rawRestPose or normalizedRestPose instead."),this.rawRestPose}get rawRestPose(){return this._rawHumanBones.restPose}get normalizedRestPose(){return this._normalizedHumanBones.restPose}get humanBones(){return this._rawHumanBones.humanBones}get rawHumanBones(){return this._rawHumanBones.humanBones}get normalizedHumanBones(){return this._normalizedHumanBones.humanBones}get normalizedHumanBonesRoot(){return this._normalizedHumanBones.root}constructor(t,i){var r;this.autoUpdateHumanBones=(r=i?.autoUpdateHumanBones)!=null?r:!0,this._rawHumanBones=new ut(t),this._normalizedHumanBones=new Ai(this._rawHumanBones)}copy(t){return this.autoUpdateHumanBones=t.autoUpdateHumanBones,this._rawHumanBones=new ut(t.humanBones),this._normalizedHumanBones=new Ai(this._rawHumanBones),this}clone(){return new Sr(this.humanBones,{autoUpdateHumanBones:this.autoUpdateHumanBones}).copy(this)}getAbsolutePose(){return console.warn("VRMHumanoid: getAbsolutePose() is deprecated. Use either getRawAbsolutePose() or getNormalizedAbsolutePose() instead."),this.getRawAbsolutePose()}getRawAbsolutePose(){return this._rawHumanBones.getAbsolutePose()}getNormalizedAbsolutePose(){return this._normalizedHumanBones.getAbsolutePose()}getPose(){return console.warn("VRMHumanoid: getPose() is deprecated. Use either getRawPose() or getNormalizedPose() instead."),this.getRawPose()}getRawPose(){return this._rawHumanBones.getPose()}getNormalizedPose(){return this._normalizedHumanBones.getPose()}setPose(t){return console.warn("VRMHumanoid: setPose() is deprecated. Use either setRawPose() or setNormalizedPose() instead."),this.setRawPose(t)}setRawPose(t){return this._rawHumanBones.setPose(t)}setNormalizedPose(t){return this._normalizedHumanBones.setPose(t)}resetPose(){return console.warn("VRMHumanoid: resetPose() is deprecated. Use either resetRawPose() or resetNormalizedPose() instead."),this.resetRawPose()}resetRawPose(){return this._rawHumanBones.resetPose()}resetNormalizedPose(){return this._normalizedHumanBones.resetPose()}getBone(t){return console.warn("VRMHumanoid: getBone() is deprecated. Use either getRawBone() or getNormalizedBone() instead."),this.getRawBone(t)}getRawBone(t){return this._rawHumanBones.getBone(t)}getNormalizedBone(t){return this._normalizedHumanBones.getBone(t)}getBoneNode(t){return console.warn("VRMHumanoid: getBoneNode() is deprecated. Use either getRawBoneNode() or getNormalizedBoneNode() instead."),this.getRawBoneNode(t)}getRawBoneNode(t){return this._rawHumanBones.getBoneNode(t)}getNormalizedBoneNode(t){return this._normalizedHumanBones.getBoneNode(t)}update(){this.autoUpdateHumanBones&&this._normalizedHumanBones.update()}},Li={Hips:"hips",Spine:"spine",Head:"head",LeftUpperLeg:"leftUpperLeg",LeftLowerLeg:"leftLowerLeg",LeftFoot:"leftFoot",RightUpperLeg:"rightUpperLeg",RightLowerLeg:"rightLowerLeg",RightFoot:"rightFoot",LeftUpperArm:"leftUpperArm",LeftLowerArm:"leftLowerArm",LeftHand:"leftHand",RightUpperArm:"rightUpperArm",RightLowerArm:"rightLowerArm",RightHand:"rightHand"},vn=new Set(["1.0","1.0-beta"]),bi={leftThumbProximal:"leftThumbMetacarpal",leftThumbIntermediate:"leftThumbProximal",rightThumbProximal:"rightThumbMetacarpal",rightThumbIntermediate:"rightThumbProximal"},pt=class{get name(){return"VRMHumanoidLoaderPlugin"}constructor(e,t){this.parser=e,this.helperRoot=t?.helperRoot,this.autoUpdateHumanBones=t?.autoUpdateHumanBones}afterRoot(e){return w(this,null,function*(){e.userData.vrmHumanoid=yield this._import(e)})}_import(e){return w(this,null,function*(){let t=yield this._v1Import(e);return t||(yield this._v0Import(e))||null})}_v1Import(e){return w(this,null,function*(){var t,i;let r=this.parser.json;if(((t=r.extensionsUsed)==null?void 0:t.indexOf("VRMC_vrm"))===-1)return null;let n=(i=r.extensions)==null?void 0:i.VRMC_vrm;if(!n)return null;let o=n.specVersion;if(!vn.has(o))return console.warn(`VRMHumanoidLoaderPlugin: Unknown VRMC_vrm specVersion "${o}"`),null;let s=n.humanoid;if(!s)return null;let l=s.humanBones.leftThumbIntermediate!=null||s.humanBones.rightThumbIntermediate!=null,a={};s.humanBones!=null&&(yield Promise.all(Object.entries(s.humanBones).map(h=>w(this,[h],function*([p,d]){let c=p,f=d.node;if(l){let g=bi[c];g!=null&&(c=g)}let m=yield this.parser.getDependency("node",f);if(m==null){console.warn(`A glTF node bound to the humanoid bone ${c} (index = ${f}) does not exist`);return}a[c]={node:m}}))));let u=new ht(this._ensureRequiredBonesExist(a),{autoUpdateHumanBones:this.autoUpdateHumanBones});if(e.scene.add(u.normalizedHumanBonesRoot),this.helperRoot){let h=new lt(u);this.helperRoot.add(h),h.renderOrder=this.helperRoot.renderOrder}return u})}_v0Import(e){return w(this,null,function*(){var t;let i=(t=this.parser.json.extensions)==null?void 0:t.VRM;if(!i)return null;let r=i.humanoid;if(!r)return null;let n={};r.humanBones!=null&&(yield Promise.all(r.humanBones.map(s=>w(this,null,function*(){let l=s.bone,a=s.node;if(l==null||a==null)return;if(a<0){console.warn(`A glTF node index for the humanoid bone ${l} is negative (${a}), ignoring this bone.`);return}let u=yield this.parser.getDependency("node",a);if(u==null){console.warn(`A glTF node bound to the humanoid bone ${l} (index = ${a}) does not exist`);return}let h=bi[l],p=h??l;if(n[p]!=null){console.warn(`Multiple bone entries for ${p} detected (index = ${a}), ignoring duplicated entries.`);return}n[p]={node:u}}))));let o=new ht(this._ensureRequiredBonesExist(n),{autoUpdateHumanBones:this.autoUpdateHumanBones});if(e.scene.add(o.normalizedHumanBonesRoot),this.helperRoot){let s=new lt(o);this.helperRoot.add(s),s.renderOrder=this.helperRoot.renderOrder}return o})}_ensureRequiredBonesExist(e){let t=Object.values(Li).filter(i=>e[i]==null);if(t.length>0)throw new Error(`VRMHumanoidLoaderPlugin: These humanoid bones are required but not exist: ${t.join(", ")}`);return e}},Ii=class extends Ke.BufferGeometry{constructor(){super(),this._currentTheta=0,this._currentRadius=0,this.theta=0,this.radius=0,this._currentTheta=0,this._currentRadius=0,this._attrPos=new Ke.BufferAttribute(new Float32Array(195),3),this.setAttribute("position",this._attrPos),this._attrIndex=new Ke.BufferAttribute(new Uint16Array(189),1),this.setIndex(this._attrIndex),this._buildIndex(),this.update()}update(){let e=!1;this._currentTheta!==this.theta&&(this._currentTheta=this.theta,e=!0),this._currentRadius!==this.radius&&(this._currentRadius=this.radius,e=!0),e&&this._buildPosition()}_buildPosition(){this._attrPos.setXYZ(0,0,0,0);for(let e=0;e<64;e++){let t=e/63*this._currentTheta;this._attrPos.setXYZ(e+1,this._currentRadius*Math.sin(t),0,this._currentRadius*Math.cos(t))}this._attrPos.needsUpdate=!0}_buildIndex(){for(let e=0;e<63;e++)this._attrIndex.setXYZ(e*3,0,e+1,e+2);this._attrIndex.needsUpdate=!0}},Mn=class extends me.BufferGeometry{constructor(){super(),this.radius=0,this._currentRadius=0,this.tail=new me.Vector3,this._currentTail=new me.Vector3,this._attrPos=new me.BufferAttribute(new Float32Array(294),3),this.setAttribute("position",this._attrPos),this._attrIndex=new me.BufferAttribute(new Uint16Array(194),1),this.setIndex(this._attrIndex),this._buildIndex(),this.update()}update(){let e=!1;this._currentRadius!==this.radius&&(this._currentRadius=this.radius,e=!0),this._currentTail.equals(this.tail)||(this._currentTail.copy(this.tail),e=!0),e&&this._buildPosition()}_buildPosition(){for(let e=0;e<32;e++){let t=e/16*Math.PI;this._attrPos.setXYZ(e,Math.cos(t),Math.sin(t),0),this._attrPos.setXYZ(32+e,0,Math.cos(t),Math.sin(t)),this._attrPos.setXYZ(64+e,Math.sin(t),0,Math.cos(t))}this.scale(this._currentRadius,this._currentRadius,this._currentRadius),this.translate(this._currentTail.x,this._currentTail.y,this._currentTail.z),this._attrPos.setXYZ(96,0,0,0),this._attrPos.setXYZ(97,this._currentTail.x,this._currentTail.y,this._currentTail.z),this._attrPos.needsUpdate=!0}_buildIndex(){for(let e=0;e<32;e++){let t=(e+1)%32;this._attrIndex.setXY(e*2,e,t),this._attrIndex.setXY(64+e*2,32+e,32+t),this._attrIndex.setXY(128+e*2,64+e,64+t)}this._attrIndex.setXY(192,96,97),this._attrIndex.needsUpdate=!0}},be=new b.Quaternion,Ui=new b.Quaternion,ge=new b.Vector3,Oi=new b.Vector3,Vi=Math.sqrt(2)/2,xn=new b.Quaternion(0,0,-Vi,Vi),yn=new b.Vector3(0,1,0),Ci=class extends b.Group{constructor(e){super(),this.matrixAutoUpdate=!1,this.vrmLookAt=e;{let t=new Ii;t.radius=.5;let i=new b.MeshBasicMaterial({color:65280,transparent:!0,opacity:.5,side:b.DoubleSide,depthTest:!1,depthWrite:!1});this._meshPitch=new b.Mesh(t,i),this.add(this._meshPitch)}{let t=new Ii;t.radius=.5;let i=new b.MeshBasicMaterial({color:16711680,transparent:!0,opacity:.5,side:b.DoubleSide,depthTest:!1,depthWrite:!1});this._meshYaw=new b.Mesh(t,i),this.add(this._meshYaw)}{let t=new Mn;t.radius=.1;let i=new b.LineBasicMaterial({color:16777215,depthTest:!1,depthWrite:!1});this._lineTarget=new b.LineSegments(t,i),this._lineTarget.frustumCulled=!1,this.add(this._lineTarget)}}dispose(){this._meshYaw.geometry.dispose(),this._meshYaw.material.dispose(),this._meshPitch.geometry.dispose(),this._meshPitch.material.dispose(),this._lineTarget.geometry.dispose(),this._lineTarget.material.dispose()}updateMatrixWorld(e){let t=b.MathUtils.DEG2RAD*this.vrmLookAt.yaw;this._meshYaw.geometry.theta=t,this._meshYaw.geometry.update();let i=b.MathUtils.DEG2RAD*this.vrmLookAt.pitch;this._meshPitch.geometry.theta=i,this._meshPitch.geometry.update(),this.vrmLookAt.getLookAtWorldPosition(ge),this.vrmLookAt.getLookAtWorldQuaternion(be),be.multiply(this.vrmLookAt.getFaceFrontQuaternion(Ui)),this._meshYaw.position.copy(ge),this._meshYaw.quaternion.copy(be),this._meshPitch.position.copy(ge),this._meshPitch.quaternion.copy(be),this._meshPitch.quaternion.multiply(Ui.setFromAxisAngle(yn,t)),this._meshPitch.quaternion.multiply(xn);let{target:r,autoUpdate:n}=this.vrmLookAt;r!=null&&n&&(r.getWorldPosition(Oi).sub(ge),this._lineTarget.geometry.tail.copy(Oi),this._lineTarget.geometry.update(),this._lineTarget.position.copy(ge)),super.updateMatrixWorld(e)}},wn=new mi.Vector3,Rn=new mi.Vector3;function ct(e,t){return e.matrixWorld.decompose(wn,t,Rn),t}function Ie(e){return[Math.atan2(-e.z,e.x),Math.atan2(e.y,Math.sqrt(e.x*e.x+e.z*e.z))]}function Ni(e){let t=Math.round(e/2/Math.PI);return e-2*Math.PI*t}var Di=new I.Vector3(0,0,1),Tn=new I.Vector3,Pn=new I.Vector3,Sn=new I.Vector3,En=new I.Quaternion,mt=new I.Quaternion,Bi=new I.Quaternion,An=new I.Quaternion,ft=new I.Euler,Fi=class Er{constructor(t,i){this.offsetFromHeadBone=new I.Vector3,this.autoUpdate=!0,this.faceFront=new I.Vector3(0,0,1),this.humanoid=t,this.applier=i,this._yaw=0,this._pitch=0,this._needsUpdate=!0,this._restHeadWorldQuaternion=this.getLookAtWorldQuaternion(new I.Quaternion)}get yaw(){return this._yaw}set yaw(t){this._yaw=t,this._needsUpdate=!0}get pitch(){return this._pitch}set pitch(t){this._pitch=t,this._needsUpdate=!0}get euler(){return console.warn("VRMLookAt: euler is deprecated. use getEuler() instead."),this.getEuler(new I.Euler)}getEuler(t){return t.set(I.MathUtils.DEG2RAD*this._pitch,I.MathUtils.DEG2RAD*this._yaw,0,"YXZ")}copy(t){if(this.humanoid!==t.humanoid)throw new Error("VRMLookAt: humanoid must be same in order to copy");return this.offsetFromHeadBone.copy(t.offsetFromHeadBone),this.applier=t.applier,this.autoUpdate=t.autoUpdate,this.target=t.target,this.faceFront.copy(t.faceFront),this}clone(){return new Er(this.humanoid,this.applier).copy(this)}reset(){this._yaw=0,this._pitch=0,this._needsUpdate=!0}getLookAtWorldPosition(t){let i=this.humanoid.getRawBoneNode("head");return t.copy(this.offsetFromHeadBone).applyMatrix4(i.matrixWorld)}getLookAtWorldQuaternion(t){let i=this.humanoid.getRawBoneNode("head");return ct(i,t)}getFaceFrontQuaternion(t){if(this.faceFront.distanceToSquared(Di)<.01)return t.copy(this._restHeadWorldQuaternion).invert();let[i,r]=Ie(this.faceFront);return ft.set(0,.5*Math.PI+i,r,"YZX"),t.setFromEuler(ft).premultiply(An.copy(this._restHeadWorldQuaternion).invert())}getLookAtWorldDirection(t){return this.getLookAtWorldQuaternion(mt),this.getFaceFrontQuaternion(Bi),t.copy(Di).applyQuaternion(mt).applyQuaternion(Bi).applyEuler(this.getEuler(ft))}lookAt(t){let i=En.copy(this._restHeadWorldQuaternion).multiply(Ei(this.getLookAtWorldQuaternion(mt))),r=this.getLookAtWorldPosition(Pn),n=Sn.copy(t).sub(r).applyQuaternion(i).normalize(),[o,s]=Ie(this.faceFront),[l,a]=Ie(n),u=Ni(l-o),h=Ni(s-a);this._yaw=I.MathUtils.RAD2DEG*u,this._pitch=I.MathUtils.RAD2DEG*h,this._needsUpdate=!0}update(t){this.target!=null&&this.autoUpdate&&this.lookAt(this.target.getWorldPosition(Tn)),this._needsUpdate&&(this._needsUpdate=!1,this.applier.applyYawPitch(this._yaw,this._pitch))}};Fi.EULER_ORDER="YXZ";var Hi=Fi,Ln=new L.Vector3(0,0,1),B=new L.Quaternion,re=new L.Quaternion,V=new L.Euler(0,0,0,"YXZ"),_e=class{constructor(e,t,i,r,n){this.humanoid=e,this.rangeMapHorizontalInner=t,this.rangeMapHorizontalOuter=i,this.rangeMapVerticalDown=r,this.rangeMapVerticalUp=n,this.faceFront=new L.Vector3(0,0,1),this._restQuatLeftEye=new L.Quaternion,this._restQuatRightEye=new L.Quaternion,this._restLeftEyeParentWorldQuat=new L.Quaternion,this._restRightEyeParentWorldQuat=new L.Quaternion;let o=this.humanoid.getRawBoneNode("leftEye"),s=this.humanoid.getRawBoneNode("rightEye");o&&(this._restQuatLeftEye.copy(o.quaternion),ct(o.parent,this._restLeftEyeParentWorldQuat)),s&&(this._restQuatRightEye.copy(s.quaternion),ct(s.parent,this._restRightEyeParentWorldQuat))}applyYawPitch(e,t){let i=this.humanoid.getRawBoneNode("leftEye"),r=this.humanoid.getRawBoneNode("rightEye"),n=this.humanoid.getNormalizedBoneNode("leftEye"),o=this.humanoid.getNormalizedBoneNode("rightEye");i&&(t<0?V.x=-L.MathUtils.DEG2RAD*this.rangeMapVerticalDown.map(-t):V.x=L.MathUtils.DEG2RAD*this.rangeMapVerticalUp.map(t),e<0?V.y=-L.MathUtils.DEG2RAD*this.rangeMapHorizontalInner.map(-e):V.y=L.MathUtils.DEG2RAD*this.rangeMapHorizontalOuter.map(e),B.setFromEuler(V),this._getWorldFaceFrontQuat(re),n.quaternion.copy(re).multiply(B).multiply(re.invert()),B.copy(this._restLeftEyeParentWorldQuat),i.quaternion.copy(n.quaternion).multiply(B).premultiply(B.invert()).multiply(this._restQuatLeftEye)),r&&(t<0?V.x=-L.MathUtils.DEG2RAD*this.rangeMapVerticalDown.map(-t):V.x=L.MathUtils.DEG2RAD*this.rangeMapVerticalUp.map(t),e<0?V.y=-L.MathUtils.DEG2RAD*this.rangeMapHorizontalOuter.map(-e):V.y=L.MathUtils.DEG2RAD*this.rangeMapHorizontalInner.map(e),B.setFromEuler(V),this._getWorldFaceFrontQuat(re),o.quaternion.copy(re).multiply(B).multiply(re.invert()),B.copy(this._restRightEyeParentWorldQuat),r.quaternion.copy(o.quaternion).multiply(B).premultiply(B.invert()).multiply(this._restQuatRightEye))}lookAt(e){console.warn("VRMLookAtBoneApplier: lookAt() is deprecated. use apply() instead.");let t=L.MathUtils.RAD2DEG*e.y,i=L.MathUtils.RAD2DEG*e.x;this.applyYawPitch(t,i)}_getWorldFaceFrontQuat(e){if(this.faceFront.distanceToSquared(Ln)<.01)return e.identity();let[t,i]=Ie(this.faceFront);return V.set(0,.5*Math.PI+t,i,"YZX"),e.setFromEuler(V)}};_e.type="bone";var Ue=class{constructor(e,t,i,r,n){this.expressions=e,this.rangeMapHorizontalInner=t,this.rangeMapHorizontalOuter=i,this.rangeMapVerticalDown=r,this.rangeMapVerticalUp=n}applyYawPitch(e,t){t<0?(this.expressions.setValue("lookDown",0),this.expressions.setValue("lookUp",this.rangeMapVerticalUp.map(-t))):(this.expressions.setValue("lookUp",0),this.expressions.setValue("lookDown",this.rangeMapVerticalDown.map(t))),e<0?(this.expressions.setValue("lookLeft",0),this.expressions.setValue("lookRight",this.rangeMapHorizontalOuter.map(-e))):(this.expressions.setValue("lookRight",0),this.expressions.setValue("lookLeft",this.rangeMapHorizontalOuter.map(e)))}lookAt(e){console.warn("VRMLookAtBoneApplier: lookAt() is deprecated. use apply() instead.");let t=fi.MathUtils.RAD2DEG*e.y,i=fi.MathUtils.RAD2DEG*e.x;this.applyYawPitch(t,i)}};Ue.type="expression";var gt=class{constructor(e,t){this.inputMaxValue=e,this.outputScale=t}map(e){return this.outputScale*Mi(e/this.inputMaxValue)}},bn=new Set(["1.0","1.0-beta"]),Oe=.01,_t=class{get name(){return"VRMLookAtLoaderPlugin"}constructor(e,t){this.parser=e,this.helperRoot=t?.helperRoot}afterRoot(e){return w(this,null,function*(){let t=e.userData.vrmHumanoid;if(t===null)return;if(t===void 0)throw new Error("VRMLookAtLoaderPlugin: vrmHumanoid is undefined. VRMHumanoidLoaderPlugin have to be used first");let i=e.userData.vrmExpressionManager;if(i!==null){if(i===void 0)throw new Error("VRMLookAtLoaderPlugin: vrmExpressionManager is undefined. VRMExpressionLoaderPlugin have to be used first");e.userData.vrmLookAt=yield this._import(e,t,i)}})}_import(e,t,i){return w(this,null,function*(){if(t==null||i==null)return null;let r=yield this._v1Import(e,t,i);return r||(yield this._v0Import(e,t,i))||null})}_v1Import(e,t,i){return w(this,null,function*(){var r,n,o;let s=this.parser.json;if(((r=s.extensionsUsed)==null?void 0:r.indexOf("VRMC_vrm"))===-1)return null;let l=(n=s.extensions)==null?void 0:n.VRMC_vrm;if(!l)return null;let a=l.specVersion;if(!bn.has(a))return console.warn(`VRMLookAtLoaderPlugin: Unknown VRMC_vrm specVersion "${a}"`),null;let u=l.lookAt;if(!u)return null;let h=u.type==="expression"?1:10,p=this._v1ImportRangeMap(u.rangeMapHorizontalInner,h),d=this._v1ImportRangeMap(u.rangeMapHorizontalOuter,h),c=this._v1ImportRangeMap(u.rangeMapVerticalDown,h),f=this._v1ImportRangeMap(u.rangeMapVerticalUp,h),m;u.type==="expression"?m=new Ue(i,p,d,c,f):m=new _e(t,p,d,c,f);let g=this._importLookAt(t,m);return g.offsetFromHeadBone.fromArray((o=u.offsetFromHeadBone)!=null?o:[0,.06,0]),g})}_v1ImportRangeMap(e,t){var i,r;let n=(i=e?.inputMaxValue)!=null?i:90,o=(r=e?.outputScale)!=null?r:t;return n<Oe&&(console.warn("VRMLookAtLoaderPlugin: inputMaxValue of a range map is too small. Consider reviewing the range map!"),n=Oe),new gt(n,o)}_v0Import(e,t,i){return w(this,null,function*(){var r,n,o,s;let l=(r=this.parser.json.extensions)==null?void 0:r.VRM;if(!l)return null;let a=l.firstPerson;if(!a)return null;let u=a.lookAtTypeName==="BlendShape"?1:10,h=this._v0ImportDegreeMap(a.lookAtHorizontalInner,u),p=this._v0ImportDegreeMap(a.lookAtHorizontalOuter,u),d=this._v0ImportDegreeMap(a.lookAtVerticalDown,u),c=this._v0ImportDegreeMap(a.lookAtVerticalUp,u),f;a.lookAtTypeName==="BlendShape"?f=new Ue(i,h,p,d,c):f=new _e(t,h,p,d,c);let m=this._importLookAt(t,f);return a.firstPersonBoneOffset?m.offsetFromHeadBone.set((n=a.firstPersonBoneOffset.x)!=null?n:0,(o=a.firstPersonBoneOffset.y)!=null?o:.06,-((s=a.firstPersonBoneOffset.z)!=null?s:0)):m.offsetFromHeadBone.set(0,.06,0),m.faceFront.set(0,0,-1),f instanceof _e&&f.faceFront.set(0,0,-1),m})}_v0ImportDegreeMap(e,t){var i,r;let n=e?.curve;JSON.stringify(n)!=="[0,0,0,1,1,1,1,0]"&&console.warn("Curves of LookAtDegreeMap defined in VRM 0.0 are not supported");let o=(i=e?.xRange)!=null?i:90,s=(r=e?.yRange)!=null?r:t;return o<Oe&&(console.warn("VRMLookAtLoaderPlugin: xRange of a degree map is too small. Consider reviewing the degree map!"),o=Oe),new gt(o,s)}_importLookAt(e,t){let i=new Hi(e,t);if(this.helperRoot){let r=new Ci(i);this.helperRoot.add(r),r.renderOrder=this.helperRoot.renderOrder}return i}},In={Bone:"bone",Expression:"expression"};function Un(e,t){return typeof e!="string"||e===""?"":(/^https?:\/\//i.test(t)&&/^\//.test(e)&&(t=t.replace(/(^https?:\/\/[^/]+).*/i,"$1")),/^(https?:)?\/\//i.test(e)||/^data:.*,.*$/i.test(e)||/^blob:.*$/i.test(e)?e:t+e)}var On=new Set(["1.0","1.0-beta"]),vt=class{get name(){return"VRMMetaLoaderPlugin"}constructor(e,t){var i,r,n;this.parser=e,this.needThumbnailImage=(i=t?.needThumbnailImage)!=null?i:!1,this.acceptLicenseUrls=(r=t?.acceptLicenseUrls)!=null?r:["https://vrm.dev/licenses/1.0/"],this.acceptV0Meta=(n=t?.acceptV0Meta)!=null?n:!0}afterRoot(e){return w(this,null,function*(){e.userData.vrmMeta=yield this._import(e)})}_import(e){return w(this,null,function*(){let t=yield this._v1Import(e);if(t!=null)return t;let i=yield this._v0Import(e);return i??null})}_v1Import(e){return w(this,null,function*(){var t,i,r;let n=this.parser.json;if(((t=n.extensionsUsed)==null?void 0:t.indexOf("VRMC_vrm"))===-1)return null;let o=(i=n.extensions)==null?void 0:i.VRMC_vrm;if(o==null)return null;let s=o.specVersion;if(!On.has(s))return console.warn(`VRMMetaLoaderPlugin: Unknown VRMC_vrm specVersion "${s}"`),null;let l=o.meta;if(!l)return null;let a=l.licenseUrl;if(!new Set(this.acceptLicenseUrls).has(a))throw new Error(`VRMMetaLoaderPlugin: The license url "${a}" is not accepted`);let u;return this.needThumbnailImage&&l.thumbnailImage!=null&&(u=(r=yield this._extractGLTFImage(l.thumbnailImage))!=null?r:void 0),{metaVersion:"1",name:l.name,version:l.version,authors:l.authors,copyrightInformation:l.copyrightInformation,contactInformation:l.contactInformation,references:l.references,thirdPartyLicenses:l.thirdPartyLicenses,thumbnailImage:u,licenseUrl:l.licenseUrl,avatarPermission:l.avatarPermission,allowExcessivelyViolentUsage:l.allowExcessivelyViolentUsage,allowExcessivelySexualUsage:l.allowExcessivelySexualUsage,commercialUsage:l.commercialUsage,allowPoliticalOrReligiousUsage:l.allowPoliticalOrReligiousUsage,allowAntisocialOrHateUsage:l.allowAntisocialOrHateUsage,creditNotation:l.creditNotation,allowRedistribution:l.allowRedistribution,modification:l.modification,otherLicenseUrl:l.otherLicenseUrl}})}_v0Import(e){return w(this,null,function*(){var t;let i=(t=this.parser.json.extensions)==null?void 0:t.VRM;if(!i)return null;let r=i.meta;if(!r)return null;if(!this.acceptV0Meta)throw new Error("VRMMetaLoaderPlugin: Attempted to load VRM0.0 meta but acceptV0Meta is false");let n;return this.needThumbnailImage&&r.texture!=null&&r.texture!==-1&&(n=yield this.parser.getDependency("texture",r.texture)),{metaVersion:"0",allowedUserName:r.allowedUserName,author:r.author,commercialUssageName:r.commercialUssageName,contactInformation:r.contactInformation,licenseName:r.licenseName,otherLicenseUrl:r.otherLicenseUrl,otherPermissionUrl:r.otherPermissionUrl,reference:r.reference,sexualUssageName:r.sexualUssageName,texture:n??void 0,title:r.title,version:r.version,violentUssageName:r.violentUssageName}})}_extractGLTFImage(e){return w(this,null,function*(){var t;let i=(t=this.parser.json.images)==null?void 0:t[e];if(i==null)return console.warn(`VRMMetaLoaderPlugin: Attempt to use images[${e}] of glTF as a thumbnail but the image doesn't exist`),null;let r=i.uri;if(i.bufferView!=null){let n=yield this.parser.getDependency("bufferView",i.bufferView),o=new Blob([n],{type:i.mimeType});r=URL.createObjectURL(o)}return r==null?(console.warn(`VRMMetaLoaderPlugin: Attempt to use images[${e}] of glTF as a thumbnail but the image couldn't load properly`),null):yield new sn.ImageLoader().loadAsync(Un(r,this.parser.options.path)).catch(n=>(console.error(n),console.warn("VRMMetaLoaderPlugin: Failed to load a thumbnail image"),null))})}},Mt=class{constructor(e){this.scene=e.scene,this.meta=e.meta,this.humanoid=e.humanoid,this.expressionManager=e.expressionManager,this.firstPerson=e.firstPerson,this.lookAt=e.lookAt}update(e){this.humanoid.update(),this.lookAt&&this.lookAt.update(e),this.expressionManager&&this.expressionManager.update()}},Vn=class{get name(){return"VRMC_vrm"}constructor(e,t){var i,r,n,o,s;this.parser=e;let l=t?.helperRoot,a=t?.autoUpdateHumanBones;this.expressionPlugin=(i=t?.expressionPlugin)!=null?i:new nt(e),this.firstPersonPlugin=(r=t?.firstPersonPlugin)!=null?r:new st(e),this.humanoidPlugin=(n=t?.humanoidPlugin)!=null?n:new pt(e,{helperRoot:l,autoUpdateHumanBones:a}),this.lookAtPlugin=(o=t?.lookAtPlugin)!=null?o:new _t(e,{helperRoot:l}),this.metaPlugin=(s=t?.metaPlugin)!=null?s:new vt(e)}afterRoot(e){return w(this,null,function*(){yield this.metaPlugin.afterRoot(e),yield this.humanoidPlugin.afterRoot(e),yield this.expressionPlugin.afterRoot(e),yield this.lookAtPlugin.afterRoot(e),yield this.firstPersonPlugin.afterRoot(e);let t=e.userData.vrmMeta,i=e.userData.vrmHumanoid;if(t&&i){let r=new Mt({scene:e.scene,expressionManager:e.userData.vrmExpressionManager,firstPerson:e.userData.vrmFirstPerson,humanoid:i,lookAt:e.userData.vrmLookAt,meta:t});e.userData.vrmCore=r}})}},ki=class extends Mt{constructor(e){super(e),this.materials=e.materials,this.springBoneManager=e.springBoneManager,this.nodeConstraintManager=e.nodeConstraintManager}update(e){super.update(e),this.nodeConstraintManager&&this.nodeConstraintManager.update(),this.springBoneManager&&this.springBoneManager.update(e),this.materials&&this.materials.forEach(t=>{t.update&&t.update(e)})}};import*as Wi from"./three.module.js";import*as Cn from"./three.module.js";import*as Nn from"./three.module.js";import*as E from"./three.module.js";import*as Dn from"./three.module.js";var Bn=Object.defineProperty,zi=Object.getOwnPropertySymbols,Fn=Object.prototype.hasOwnProperty,Hn=Object.prototype.propertyIsEnumerable,Gi=(e,t,i)=>t in e?Bn(e,t,{enumerable:!0,configurable:!0,writable:!0,value:i}):e[t]=i,Xi=(e,t)=>{for(var i in t||(t={}))Fn.call(t,i)&&Gi(e,i,t[i]);if(zi)for(var i of zi(t))Hn.call(t,i)&&Gi(e,i,t[i]);return e},q=(e,t,i)=>new Promise((r,n)=>{var o=a=>{try{l(i.next(a))}catch(u){n(u)}},s=a=>{try{l(i.throw(a))}catch(u){n(u)}},l=a=>a.done?r(a.value):Promise.resolve(a.value).then(o,s);l((i=i.apply(e,t)).next())}),kn={"":3e3,srgb:3001};function Wn(e,t){parseInt(Nn.REVISION,10)>=152?e.colorSpace=t:e.encoding=kn[t]}var zn=class{get pending(){return Promise.all(this._pendings)}constructor(e,t){this._parser=e,this._materialParams=t,this._pendings=[]}assignPrimitive(e,t){t!=null&&(this._materialParams[e]=t)}assignColor(e,t,i){if(t!=null){let r=new Cn.Color().fromArray(t);i&&r.convertSRGBToLinear(),this._materialParams[e]=r}}assignTexture(e,t,i){return q(this,null,function*(){let r=q(this,null,function*(){if(t!=null){let n=yield this._parser.assignTexture(this._materialParams,e,t);if(n==null){console.warn("GLTFMToonMaterialParamsAssignHelper: Failed to load texture. The rendering result may be wrong");return}i&&Wn(n,"srgb")}});return this._pendings.push(r),r})}assignTextureByIndex(e,t,i){return q(this,null,function*(){return this.assignTexture(e,t!=null?{index:t}:void 0,i)})}},Gn=`// #define PHONG

varying vec3 vViewPosition;

#ifndef FLAT_SHADED
  varying vec3 vNormal;
#endif

#include <common>

// #include <uv_pars_vertex>
#ifdef MTOON_USE_UV
  varying vec2 vUv;

  // COMPAT: pre-r151 uses a common uvTransform
  #if THREE_VRM_THREE_REVISION < 151
    uniform mat3 uvTransform;
  #endif
#endif

// #include <uv2_pars_vertex>
// COMAPT: pre-r151 uses uv2 for lightMap and aoMap
#if THREE_VRM_THREE_REVISION < 151
  #if defined( USE_LIGHTMAP ) || defined( USE_AOMAP )
    attribute vec2 uv2;
    varying vec2 vUv2;
    uniform mat3 uv2Transform;
  #endif
#endif

// #include <displacementmap_pars_vertex>
// #include <envmap_pars_vertex>
#include <color_pars_vertex>
#include <fog_pars_vertex>
#include <morphtarget_pars_vertex>
#include <skinning_pars_vertex>
#include <shadowmap_pars_vertex>
#include <logdepthbuf_pars_vertex>
#include <clipping_planes_pars_vertex>

#ifdef USE_OUTLINEWIDTHMULTIPLYTEXTURE
  uniform sampler2D outlineWidthMultiplyTexture;
  uniform mat3 outlineWidthMultiplyTextureUvTransform;
#endif

uniform float outlineWidthFactor;

void main() {

  // #include <uv_vertex>
  #ifdef MTOON_USE_UV
    // COMPAT: pre-r151 uses a common uvTransform
    #if THREE_VRM_THREE_REVISION >= 151
      vUv = uv;
    #else
      vUv = ( uvTransform * vec3( uv, 1 ) ).xy;
    #endif
  #endif

  // #include <uv2_vertex>
  // COMAPT: pre-r151 uses uv2 for lightMap and aoMap
  #if THREE_VRM_THREE_REVISION < 151
    #if defined( USE_LIGHTMAP ) || defined( USE_AOMAP )
      vUv2 = ( uv2Transform * vec3( uv2, 1 ) ).xy;
    #endif
  #endif

  #include <color_vertex>

  #include <beginnormal_vertex>
  #include <morphnormal_vertex>
  #include <skinbase_vertex>
  #include <skinnormal_vertex>

  // we need this to compute the outline properly
  objectNormal = normalize( objectNormal );

  #include <defaultnormal_vertex>

  #ifndef FLAT_SHADED // Normal computed with derivatives when FLAT_SHADED
    vNormal = normalize( transformedNormal );
  #endif

  #include <begin_vertex>

  #include <morphtarget_vertex>
  #include <skinning_vertex>
  // #include <displacementmap_vertex>
  #include <project_vertex>
  #include <logdepthbuf_vertex>
  #include <clipping_planes_vertex>

  vViewPosition = - mvPosition.xyz;

  #ifdef OUTLINE
    float worldNormalLength = length( transformedNormal );
    vec3 outlineOffset = outlineWidthFactor * worldNormalLength * objectNormal;

    #ifdef USE_OUTLINEWIDTHMULTIPLYTEXTURE
      vec2 outlineWidthMultiplyTextureUv = ( outlineWidthMultiplyTextureUvTransform * vec3( vUv, 1 ) ).xy;
      float outlineTex = texture2D( outlineWidthMultiplyTexture, outlineWidthMultiplyTextureUv ).g;
      outlineOffset *= outlineTex;
    #endif

    #ifdef OUTLINE_WIDTH_SCREEN
      outlineOffset *= vViewPosition.z / projectionMatrix[ 1 ].y;
    #endif

    gl_Position = projectionMatrix * modelViewMatrix * vec4( outlineOffset + transformed, 1.0 );

    gl_Position.z += 1E-6 * gl_Position.w; // anti-artifact magic
  #endif

  #include <worldpos_vertex>
  // #include <envmap_vertex>
  #include <shadowmap_vertex>
  #include <fog_vertex>

}`,Xn=`// #define PHONG

uniform vec3 litFactor;

uniform float opacity;

uniform vec3 shadeColorFactor;
#ifdef USE_SHADEMULTIPLYTEXTURE
  uniform sampler2D shadeMultiplyTexture;
  uniform mat3 shadeMultiplyTextureUvTransform;
#endif

uniform float shadingShiftFactor;
uniform float shadingToonyFactor;

#ifdef USE_SHADINGSHIFTTEXTURE
  uniform sampler2D shadingShiftTexture;
  uniform mat3 shadingShiftTextureUvTransform;
  uniform float shadingShiftTextureScale;
#endif

uniform float giEqualizationFactor;

uniform vec3 parametricRimColorFactor;
#ifdef USE_RIMMULTIPLYTEXTURE
  uniform sampler2D rimMultiplyTexture;
  uniform mat3 rimMultiplyTextureUvTransform;
#endif
uniform float rimLightingMixFactor;
uniform float parametricRimFresnelPowerFactor;
uniform float parametricRimLiftFactor;

#ifdef USE_MATCAPTEXTURE
  uniform vec3 matcapFactor;
  uniform sampler2D matcapTexture;
  uniform mat3 matcapTextureUvTransform;
#endif

uniform vec3 emissive;
uniform float emissiveIntensity;

uniform vec3 outlineColorFactor;
uniform float outlineLightingMixFactor;

#ifdef USE_UVANIMATIONMASKTEXTURE
  uniform sampler2D uvAnimationMaskTexture;
  uniform mat3 uvAnimationMaskTextureUvTransform;
#endif

uniform float uvAnimationScrollXOffset;
uniform float uvAnimationScrollYOffset;
uniform float uvAnimationRotationPhase;

#include <common>
#include <packing>
#include <dithering_pars_fragment>
#include <color_pars_fragment>

// #include <uv_pars_fragment>
#if ( defined( MTOON_USE_UV ) && !defined( MTOON_UVS_VERTEX_ONLY ) )
  varying vec2 vUv;
#endif

// #include <uv2_pars_fragment>
// COMAPT: pre-r151 uses uv2 for lightMap and aoMap
#if THREE_VRM_THREE_REVISION < 151
  #if defined( USE_LIGHTMAP ) || defined( USE_AOMAP )
    varying vec2 vUv2;
  #endif
#endif

#include <map_pars_fragment>

#ifdef USE_MAP
  uniform mat3 mapUvTransform;
#endif

// #include <alphamap_pars_fragment>

#include <alphatest_pars_fragment>

#include <aomap_pars_fragment>
// #include <lightmap_pars_fragment>
#include <emissivemap_pars_fragment>

#ifdef USE_EMISSIVEMAP
  uniform mat3 emissiveMapUvTransform;
#endif

// #include <envmap_common_pars_fragment>
// #include <envmap_pars_fragment>
// #include <cube_uv_reflection_fragment>
#include <fog_pars_fragment>

// #include <bsdfs>
// COMPAT: pre-r151 doesn't have BRDF_Lambert in <common>
#if THREE_VRM_THREE_REVISION < 151
  vec3 BRDF_Lambert( const in vec3 diffuseColor ) {
    return RECIPROCAL_PI * diffuseColor;
  }
#endif

#include <lights_pars_begin>

#include <normal_pars_fragment>

// #include <lights_phong_pars_fragment>
varying vec3 vViewPosition;

struct MToonMaterial {
  vec3 diffuseColor;
  vec3 shadeColor;
  float shadingShift;
};

float linearstep( float a, float b, float t ) {
  return clamp( ( t - a ) / ( b - a ), 0.0, 1.0 );
}

/**
 * Convert NdotL into toon shading factor using shadingShift and shadingToony
 */
float getShading(
  const in float dotNL,
  const in float shadow,
  const in float shadingShift
) {
  float shading = dotNL;
  shading = shading + shadingShift;
  shading = linearstep( -1.0 + shadingToonyFactor, 1.0 - shadingToonyFactor, shading );
  shading *= shadow;
  return shading;
}

/**
 * Mix diffuseColor and shadeColor using shading factor and light color
 */
vec3 getDiffuse(
  const in MToonMaterial material,
  const in float shading,
  in vec3 lightColor
) {
  #ifdef DEBUG_LITSHADERATE
    return vec3( BRDF_Lambert( shading * lightColor ) );
  #endif

  vec3 col = lightColor * BRDF_Lambert( mix( material.shadeColor, material.diffuseColor, shading ) );

  // The "comment out if you want to PBR absolutely" line
  #ifdef V0_COMPAT_SHADE
    col = min( col, material.diffuseColor );
  #endif

  return col;
}

// COMPAT: pre-r156 uses a struct GeometricContext
#if THREE_VRM_THREE_REVISION >= 157
  void RE_Direct_MToon( const in IncidentLight directLight, const in vec3 geometryPosition, const in vec3 geometryNormal, const in vec3 geometryViewDir, const in vec3 geometryClearcoatNormal, const in MToonMaterial material, const in float shadow, inout ReflectedLight reflectedLight ) {
    float dotNL = clamp( dot( geometryNormal, directLight.direction ), -1.0, 1.0 );
    vec3 irradiance = directLight.color;

    // directSpecular will be used for rim lighting, not an actual specular
    reflectedLight.directSpecular += irradiance;

    irradiance *= dotNL;

    float shading = getShading( dotNL, shadow, material.shadingShift );

    // toon shaded diffuse
    reflectedLight.directDiffuse += getDiffuse( material, shading, directLight.color );
  }

  void RE_IndirectDiffuse_MToon( const in vec3 irradiance, const in vec3 geometryPosition, const in vec3 geometryNormal, const in vec3 geometryViewDir, const in vec3 geometryClearcoatNormal, const in MToonMaterial material, inout ReflectedLight reflectedLight ) {
    // indirect diffuse will use diffuseColor, no shadeColor involved
    reflectedLight.indirectDiffuse += irradiance * BRDF_Lambert( material.diffuseColor );

    // directSpecular will be used for rim lighting, not an actual specular
    reflectedLight.directSpecular += irradiance;
  }
#else
  void RE_Direct_MToon( const in IncidentLight directLight, const in GeometricContext geometry, const in MToonMaterial material, const in float shadow, inout ReflectedLight reflectedLight ) {
    float dotNL = clamp( dot( geometry.normal, directLight.direction ), -1.0, 1.0 );
    vec3 irradiance = directLight.color;

    // directSpecular will be used for rim lighting, not an actual specular
    reflectedLight.directSpecular += irradiance;

    irradiance *= dotNL;

    float shading = getShading( dotNL, shadow, material.shadingShift );

    // toon shaded diffuse
    reflectedLight.directDiffuse += getDiffuse( material, shading, directLight.color );
  }

  void RE_IndirectDiffuse_MToon( const in vec3 irradiance, const in GeometricContext geometry, const in MToonMaterial material, inout ReflectedLight reflectedLight ) {
    // indirect diffuse will use diffuseColor, no shadeColor involved
    reflectedLight.indirectDiffuse += irradiance * BRDF_Lambert( material.diffuseColor );

    // directSpecular will be used for rim lighting, not an actual specular
    reflectedLight.directSpecular += irradiance;
  }
#endif

#define RE_Direct RE_Direct_MToon
#define RE_IndirectDiffuse RE_IndirectDiffuse_MToon
#define Material_LightProbeLOD( material ) (0)

#include <shadowmap_pars_fragment>
// #include <bumpmap_pars_fragment>

// #include <normalmap_pars_fragment>
#ifdef USE_NORMALMAP

  uniform sampler2D normalMap;
  uniform mat3 normalMapUvTransform;
  uniform vec2 normalScale;

#endif

// COMPAT: pre-r151
// USE_NORMALMAP_OBJECTSPACE used to be OBJECTSPACE_NORMALMAP in pre-r151
#if defined( USE_NORMALMAP_OBJECTSPACE ) || defined( OBJECTSPACE_NORMALMAP )

  uniform mat3 normalMatrix;

#endif

// COMPAT: pre-r151
// USE_NORMALMAP_TANGENTSPACE used to be TANGENTSPACE_NORMALMAP in pre-r151
#if ! defined ( USE_TANGENT ) && ( defined ( USE_NORMALMAP_TANGENTSPACE ) || defined ( TANGENTSPACE_NORMALMAP ) )

  // Per-Pixel Tangent Space Normal Mapping
  // http://hacksoflife.blogspot.ch/2009/11/per-pixel-tangent-space-normal-mapping.html

  // three-vrm specific change: it requires \`uv\` as an input in order to support uv scrolls

  // Temporary compat against shader change @ Three.js r126, r151
  #if THREE_VRM_THREE_REVISION >= 151

    mat3 getTangentFrame( vec3 eye_pos, vec3 surf_norm, vec2 uv ) {

      vec3 q0 = dFdx( eye_pos.xyz );
      vec3 q1 = dFdy( eye_pos.xyz );
      vec2 st0 = dFdx( uv.st );
      vec2 st1 = dFdy( uv.st );

      vec3 N = surf_norm;

      vec3 q1perp = cross( q1, N );
      vec3 q0perp = cross( N, q0 );

      vec3 T = q1perp * st0.x + q0perp * st1.x;
      vec3 B = q1perp * st0.y + q0perp * st1.y;

      float det = max( dot( T, T ), dot( B, B ) );
      float scale = ( det == 0.0 ) ? 0.0 : inversesqrt( det );

      return mat3( T * scale, B * scale, N );

    }

  #else

    vec3 perturbNormal2Arb( vec2 uv, vec3 eye_pos, vec3 surf_norm, vec3 mapN, float faceDirection ) {

      vec3 q0 = vec3( dFdx( eye_pos.x ), dFdx( eye_pos.y ), dFdx( eye_pos.z ) );
      vec3 q1 = vec3( dFdy( eye_pos.x ), dFdy( eye_pos.y ), dFdy( eye_pos.z ) );
      vec2 st0 = dFdx( uv.st );
      vec2 st1 = dFdy( uv.st );

      vec3 N = normalize( surf_norm );

      vec3 q1perp = cross( q1, N );
      vec3 q0perp = cross( N, q0 );

      vec3 T = q1perp * st0.x + q0perp * st1.x;
      vec3 B = q1perp * st0.y + q0perp * st1.y;

      // three-vrm specific change: Workaround for the issue that happens when delta of uv = 0.0
      // TODO: Is this still required? Or shall I make a PR about it?
      if ( length( T ) == 0.0 || length( B ) == 0.0 ) {
        return surf_norm;
      }

      float det = max( dot( T, T ), dot( B, B ) );
      float scale = ( det == 0.0 ) ? 0.0 : faceDirection * inversesqrt( det );

      return normalize( T * ( mapN.x * scale ) + B * ( mapN.y * scale ) + N * mapN.z );

    }

  #endif

#endif

// #include <specularmap_pars_fragment>
#include <logdepthbuf_pars_fragment>
#include <clipping_planes_pars_fragment>

// == post correction ==========================================================
void postCorrection() {
  #include <tonemapping_fragment>
  #include <colorspace_fragment>
  #include <fog_fragment>
  #include <premultiplied_alpha_fragment>
  #include <dithering_fragment>
}

// == main procedure ===========================================================
void main() {
  #include <clipping_planes_fragment>

  vec2 uv = vec2(0.5, 0.5);

  #if ( defined( MTOON_USE_UV ) && !defined( MTOON_UVS_VERTEX_ONLY ) )
    uv = vUv;

    float uvAnimMask = 1.0;
    #ifdef USE_UVANIMATIONMASKTEXTURE
      vec2 uvAnimationMaskTextureUv = ( uvAnimationMaskTextureUvTransform * vec3( uv, 1 ) ).xy;
      uvAnimMask = texture2D( uvAnimationMaskTexture, uvAnimationMaskTextureUv ).b;
    #endif

    float uvRotCos = cos( uvAnimationRotationPhase * uvAnimMask );
    float uvRotSin = sin( uvAnimationRotationPhase * uvAnimMask );
    uv = mat2( uvRotCos, -uvRotSin, uvRotSin, uvRotCos ) * ( uv - 0.5 ) + 0.5;
    uv = uv + vec2( uvAnimationScrollXOffset, uvAnimationScrollYOffset ) * uvAnimMask;
  #endif

  #ifdef DEBUG_UV
    gl_FragColor = vec4( 0.0, 0.0, 0.0, 1.0 );
    #if ( defined( MTOON_USE_UV ) && !defined( MTOON_UVS_VERTEX_ONLY ) )
      gl_FragColor = vec4( uv, 0.0, 1.0 );
    #endif
    return;
  #endif

  vec4 diffuseColor = vec4( litFactor, opacity );
  ReflectedLight reflectedLight = ReflectedLight( vec3( 0.0 ), vec3( 0.0 ), vec3( 0.0 ), vec3( 0.0 ) );
  vec3 totalEmissiveRadiance = emissive * emissiveIntensity;

  #include <logdepthbuf_fragment>

  // #include <map_fragment>
  #ifdef USE_MAP
    vec2 mapUv = ( mapUvTransform * vec3( uv, 1 ) ).xy;
    vec4 sampledDiffuseColor = texture2D( map, mapUv );
    #ifdef DECODE_VIDEO_TEXTURE
      sampledDiffuseColor = vec4( mix( pow( sampledDiffuseColor.rgb * 0.9478672986 + vec3( 0.0521327014 ), vec3( 2.4 ) ), sampledDiffuseColor.rgb * 0.0773993808, vec3( lessThanEqual( sampledDiffuseColor.rgb, vec3( 0.04045 ) ) ) ), sampledDiffuseColor.w );
    #endif
    diffuseColor *= sampledDiffuseColor;
  #endif

  // #include <color_fragment>
  #if ( defined( USE_COLOR ) && !defined( IGNORE_VERTEX_COLOR ) )
    diffuseColor.rgb *= vColor;
  #endif

  // #include <alphamap_fragment>

  #include <alphatest_fragment>

  // #include <specularmap_fragment>

  // #include <normal_fragment_begin>
  float faceDirection = gl_FrontFacing ? 1.0 : -1.0;

  #ifdef FLAT_SHADED

    vec3 fdx = dFdx( vViewPosition );
    vec3 fdy = dFdy( vViewPosition );
    vec3 normal = normalize( cross( fdx, fdy ) );

  #else

    vec3 normal = normalize( vNormal );

    #ifdef DOUBLE_SIDED

      normal *= faceDirection;

    #endif

  #endif

  #ifdef USE_NORMALMAP

    vec2 normalMapUv = ( normalMapUvTransform * vec3( uv, 1 ) ).xy;

  #endif

  #ifdef USE_NORMALMAP_TANGENTSPACE

    #ifdef USE_TANGENT

      mat3 tbn = mat3( normalize( vTangent ), normalize( vBitangent ), normal );

    #else

      mat3 tbn = getTangentFrame( - vViewPosition, normal, normalMapUv );

    #endif

    #if defined( DOUBLE_SIDED ) && ! defined( FLAT_SHADED )

      tbn[0] *= faceDirection;
      tbn[1] *= faceDirection;

    #endif

  #endif

  #ifdef USE_CLEARCOAT_NORMALMAP

    #ifdef USE_TANGENT

      mat3 tbn2 = mat3( normalize( vTangent ), normalize( vBitangent ), normal );

    #else

      mat3 tbn2 = getTangentFrame( - vViewPosition, normal, vClearcoatNormalMapUv );

    #endif

    #if defined( DOUBLE_SIDED ) && ! defined( FLAT_SHADED )

      tbn2[0] *= faceDirection;
      tbn2[1] *= faceDirection;

    #endif

  #endif

  // non perturbed normal for clearcoat among others

  vec3 nonPerturbedNormal = normal;

  #ifdef OUTLINE
    normal *= -1.0;
  #endif

  // #include <normal_fragment_maps>

  // COMPAT: pre-r151
  // USE_NORMALMAP_OBJECTSPACE used to be OBJECTSPACE_NORMALMAP in pre-r151
  #if defined( USE_NORMALMAP_OBJECTSPACE ) || defined( OBJECTSPACE_NORMALMAP )

    normal = texture2D( normalMap, normalMapUv ).xyz * 2.0 - 1.0; // overrides both flatShading and attribute normals

    #ifdef FLIP_SIDED

      normal = - normal;

    #endif

    #ifdef DOUBLE_SIDED

      normal = normal * faceDirection;

    #endif

    normal = normalize( normalMatrix * normal );

  // COMPAT: pre-r151
  // USE_NORMALMAP_TANGENTSPACE used to be TANGENTSPACE_NORMALMAP in pre-r151
  #elif defined( USE_NORMALMAP_TANGENTSPACE ) || defined( TANGENTSPACE_NORMALMAP )

    vec3 mapN = texture2D( normalMap, normalMapUv ).xyz * 2.0 - 1.0;
    mapN.xy *= normalScale;

    // COMPAT: pre-r151
    #if THREE_VRM_THREE_REVISION >= 151 || defined( USE_TANGENT )

      normal = normalize( tbn * mapN );

    #else

      normal = perturbNormal2Arb( uv, -vViewPosition, normal, mapN, faceDirection );

    #endif

  #endif

  // #include <emissivemap_fragment>
  #ifdef USE_EMISSIVEMAP
    vec2 emissiveMapUv = ( emissiveMapUvTransform * vec3( uv, 1 ) ).xy;
    totalEmissiveRadiance *= texture2D( emissiveMap, emissiveMapUv ).rgb;
  #endif

  #ifdef DEBUG_NORMAL
    gl_FragColor = vec4( 0.5 + 0.5 * normal, 1.0 );
    return;
  #endif

  // -- MToon: lighting --------------------------------------------------------
  // accumulation
  // #include <lights_phong_fragment>
  MToonMaterial material;

  material.diffuseColor = diffuseColor.rgb;

  material.shadeColor = shadeColorFactor;
  #ifdef USE_SHADEMULTIPLYTEXTURE
    vec2 shadeMultiplyTextureUv = ( shadeMultiplyTextureUvTransform * vec3( uv, 1 ) ).xy;
    material.shadeColor *= texture2D( shadeMultiplyTexture, shadeMultiplyTextureUv ).rgb;
  #endif

  #if ( defined( USE_COLOR ) && !defined( IGNORE_VERTEX_COLOR ) )
    material.shadeColor.rgb *= vColor;
  #endif

  material.shadingShift = shadingShiftFactor;
  #ifdef USE_SHADINGSHIFTTEXTURE
    vec2 shadingShiftTextureUv = ( shadingShiftTextureUvTransform * vec3( uv, 1 ) ).xy;
    material.shadingShift += texture2D( shadingShiftTexture, shadingShiftTextureUv ).r * shadingShiftTextureScale;
  #endif

  // #include <lights_fragment_begin>

  // MToon Specific changes:
  // Since we want to take shadows into account of shading instead of irradiance,
  // we had to modify the codes that multiplies the results of shadowmap into color of direct lights.

  // COMPAT: pre-r156 uses a struct GeometricContext
  #if THREE_VRM_THREE_REVISION >= 157
    vec3 geometryPosition = - vViewPosition;
    vec3 geometryNormal = normal;
    vec3 geometryViewDir = ( isOrthographic ) ? vec3( 0, 0, 1 ) : normalize( vViewPosition );

    vec3 geometryClearcoatNormal;

    #ifdef USE_CLEARCOAT

      geometryClearcoatNormal = clearcoatNormal;

    #endif
  #else
    GeometricContext geometry;

    geometry.position = - vViewPosition;
    geometry.normal = normal;
    geometry.viewDir = ( isOrthographic ) ? vec3( 0, 0, 1 ) : normalize( vViewPosition );

    #ifdef USE_CLEARCOAT

      geometry.clearcoatNormal = clearcoatNormal;

    #endif
  #endif

  IncidentLight directLight;

  // since these variables will be used in unrolled loop, we have to define in prior
  float shadow;

  #if ( NUM_POINT_LIGHTS > 0 ) && defined( RE_Direct )

    PointLight pointLight;
    #if defined( USE_SHADOWMAP ) && NUM_POINT_LIGHT_SHADOWS > 0
    PointLightShadow pointLightShadow;
    #endif

    #pragma unroll_loop_start
    for ( int i = 0; i < NUM_POINT_LIGHTS; i ++ ) {

      pointLight = pointLights[ i ];

      // COMPAT: pre-r156 uses a struct GeometricContext
      #if THREE_VRM_THREE_REVISION >= 157
        getPointLightInfo( pointLight, geometryPosition, directLight );
      #else
        getPointLightInfo( pointLight, geometry, directLight );
      #endif

      shadow = 1.0;
      #if defined( USE_SHADOWMAP ) && ( UNROLLED_LOOP_INDEX < NUM_POINT_LIGHT_SHADOWS )
      pointLightShadow = pointLightShadows[ i ];
      // COMPAT: pre-r166
      // r166 introduced shadowIntensity
      #if THREE_VRM_THREE_REVISION >= 166
        shadow = all( bvec2( directLight.visible, receiveShadow ) ) ? getPointShadow( pointShadowMap[ i ], pointLightShadow.shadowMapSize, pointLightShadow.shadowIntensity, pointLightShadow.shadowBias, pointLightShadow.shadowRadius, vPointShadowCoord[ i ], pointLightShadow.shadowCameraNear, pointLightShadow.shadowCameraFar ) : 1.0;
      #else
        shadow = all( bvec2( directLight.visible, receiveShadow ) ) ? getPointShadow( pointShadowMap[ i ], pointLightShadow.shadowMapSize, pointLightShadow.shadowBias, pointLightShadow.shadowRadius, vPointShadowCoord[ i ], pointLightShadow.shadowCameraNear, pointLightShadow.shadowCameraFar ) : 1.0;
      #endif
      #endif

      // COMPAT: pre-r156 uses a struct GeometricContext
      #if THREE_VRM_THREE_REVISION >= 157
        RE_Direct( directLight, geometryPosition, geometryNormal, geometryViewDir, geometryClearcoatNormal, material, shadow, reflectedLight );
      #else
        RE_Direct( directLight, geometry, material, shadow, reflectedLight );
      #endif

    }
    #pragma unroll_loop_end

  #endif

  #if ( NUM_SPOT_LIGHTS > 0 ) && defined( RE_Direct )

    SpotLight spotLight;
    // COMPAT: pre-r144 uses NUM_SPOT_LIGHT_SHADOWS, r144+ uses NUM_SPOT_LIGHT_COORDS
    #if THREE_VRM_THREE_REVISION >= 144
      #if defined( USE_SHADOWMAP ) && NUM_SPOT_LIGHT_COORDS > 0
      SpotLightShadow spotLightShadow;
      #endif
    #elif defined( USE_SHADOWMAP ) && NUM_SPOT_LIGHT_SHADOWS > 0
    SpotLightShadow spotLightShadow;
    #endif

    #pragma unroll_loop_start
    for ( int i = 0; i < NUM_SPOT_LIGHTS; i ++ ) {

      spotLight = spotLights[ i ];

      // COMPAT: pre-r156 uses a struct GeometricContext
      #if THREE_VRM_THREE_REVISION >= 157
        getSpotLightInfo( spotLight, geometryPosition, directLight );
      #else
        getSpotLightInfo( spotLight, geometry, directLight );
      #endif

      shadow = 1.0;
      // COMPAT: pre-r144 uses NUM_SPOT_LIGHT_SHADOWS and vSpotShadowCoord, r144+ uses NUM_SPOT_LIGHT_COORDS and vSpotLightCoord
      // COMPAT: pre-r166 does not have shadowIntensity, r166+ has shadowIntensity
      #if THREE_VRM_THREE_REVISION >= 166
        #if defined( USE_SHADOWMAP ) && ( UNROLLED_LOOP_INDEX < NUM_SPOT_LIGHT_COORDS )
        spotLightShadow = spotLightShadows[ i ];
        shadow = all( bvec2( directLight.visible, receiveShadow ) ) ? getShadow( spotShadowMap[ i ], spotLightShadow.shadowMapSize, spotLightShadow.shadowIntensity, spotLightShadow.shadowBias, spotLightShadow.shadowRadius, vSpotLightCoord[ i ] ) : 1.0;
        #endif
      #elif THREE_VRM_THREE_REVISION >= 144
        #if defined( USE_SHADOWMAP ) && ( UNROLLED_LOOP_INDEX < NUM_SPOT_LIGHT_COORDS )
        spotLightShadow = spotLightShadows[ i ];
        shadow = all( bvec2( directLight.visible, receiveShadow ) ) ? getShadow( spotShadowMap[ i ], spotLightShadow.shadowMapSize, spotLightShadow.shadowBias, spotLightShadow.shadowRadius, vSpotLightCoord[ i ] ) : 1.0;
        #endif
      #elif defined( USE_SHADOWMAP ) && ( UNROLLED_LOOP_INDEX < NUM_SPOT_LIGHT_SHADOWS )
      spotLightShadow = spotLightShadows[ i ];
      shadow = all( bvec2( directLight.visible, receiveShadow ) ) ? getShadow( spotShadowMap[ i ], spotLightShadow.shadowMapSize, spotLightShadow.shadowBias, spotLightShadow.shadowRadius, vSpotShadowCoord[ i ] ) : 1.0;
      #endif

      // COMPAT: pre-r156 uses a struct GeometricContext
      #if THREE_VRM_THREE_REVISION >= 157
        RE_Direct( directLight, geometryPosition, geometryNormal, geometryViewDir, geometryClearcoatNormal, material, shadow, reflectedLight );
      #else
        RE_Direct( directLight, geometry, material, shadow, reflectedLight );
      #endif

    }
    #pragma unroll_loop_end

  #endif

  #if ( NUM_DIR_LIGHTS > 0 ) && defined( RE_Direct )

    DirectionalLight directionalLight;
    #if defined( USE_SHADOWMAP ) && NUM_DIR_LIGHT_SHADOWS > 0
    DirectionalLightShadow directionalLightShadow;
    #endif

    #pragma unroll_loop_start
    for ( int i = 0; i < NUM_DIR_LIGHTS; i ++ ) {

      directionalLight = directionalLights[ i ];

      // COMPAT: pre-r156 uses a struct GeometricContext
      #if THREE_VRM_THREE_REVISION >= 157
        getDirectionalLightInfo( directionalLight, directLight );
      #else
        getDirectionalLightInfo( directionalLight, geometry, directLight );
      #endif

      shadow = 1.0;
      #if defined( USE_SHADOWMAP ) && ( UNROLLED_LOOP_INDEX < NUM_DIR_LIGHT_SHADOWS )
      directionalLightShadow = directionalLightShadows[ i ];
      // COMPAT: pre-r166
      // r166 introduced shadowIntensity
      #if THREE_VRM_THREE_REVISION >= 166
        shadow = all( bvec2( directLight.visible, receiveShadow ) ) ? getShadow( directionalShadowMap[ i ], directionalLightShadow.shadowMapSize, directionalLightShadow.shadowIntensity, directionalLightShadow.shadowBias, directionalLightShadow.shadowRadius, vDirectionalShadowCoord[ i ] ) : 1.0;
      #else
        shadow = all( bvec2( directLight.visible, receiveShadow ) ) ? getShadow( directionalShadowMap[ i ], directionalLightShadow.shadowMapSize, directionalLightShadow.shadowBias, directionalLightShadow.shadowRadius, vDirectionalShadowCoord[ i ] ) : 1.0;
      #endif
      #endif

      // COMPAT: pre-r156 uses a struct GeometricContext
      #if THREE_VRM_THREE_REVISION >= 157
        RE_Direct( directLight, geometryPosition, geometryNormal, geometryViewDir, geometryClearcoatNormal, material, shadow, reflectedLight );
      #else
        RE_Direct( directLight, geometry, material, shadow, reflectedLight );
      #endif

    }
    #pragma unroll_loop_end

  #endif

  // #if ( NUM_RECT_AREA_LIGHTS > 0 ) && defined( RE_Direct_RectArea )

  //   RectAreaLight rectAreaLight;

  //   #pragma unroll_loop_start
  //   for ( int i = 0; i < NUM_RECT_AREA_LIGHTS; i ++ ) {

  //     rectAreaLight = rectAreaLights[ i ];
  //     RE_Direct_RectArea( rectAreaLight, geometry, material, reflectedLight );

  //   }
  //   #pragma unroll_loop_end

  // #endif

  #if defined( RE_IndirectDiffuse )

    vec3 iblIrradiance = vec3( 0.0 );

    vec3 irradiance = getAmbientLightIrradiance( ambientLightColor );

    // COMPAT: pre-r156 uses a struct GeometricContext
    // COMPAT: pre-r156 doesn't have a define USE_LIGHT_PROBES
    #if THREE_VRM_THREE_REVISION >= 157
      #if defined( USE_LIGHT_PROBES )
        irradiance += getLightProbeIrradiance( lightProbe, geometryNormal );
      #endif
    #else
      irradiance += getLightProbeIrradiance( lightProbe, geometry.normal );
    #endif

    #if ( NUM_HEMI_LIGHTS > 0 )

      #pragma unroll_loop_start
      for ( int i = 0; i < NUM_HEMI_LIGHTS; i ++ ) {

        // COMPAT: pre-r156 uses a struct GeometricContext
        #if THREE_VRM_THREE_REVISION >= 157
          irradiance += getHemisphereLightIrradiance( hemisphereLights[ i ], geometryNormal );
        #else
          irradiance += getHemisphereLightIrradiance( hemisphereLights[ i ], geometry.normal );
        #endif

      }
      #pragma unroll_loop_end

    #endif

  #endif

  // #if defined( RE_IndirectSpecular )

  //   vec3 radiance = vec3( 0.0 );
  //   vec3 clearcoatRadiance = vec3( 0.0 );

  // #endif

  #include <lights_fragment_maps>
  #include <lights_fragment_end>

  // modulation
  #include <aomap_fragment>

  vec3 col = reflectedLight.directDiffuse + reflectedLight.indirectDiffuse;

  #ifdef DEBUG_LITSHADERATE
    gl_FragColor = vec4( col, diffuseColor.a );
    postCorrection();
    return;
  #endif

  // -- MToon: rim lighting -----------------------------------------
  vec3 viewDir = normalize( vViewPosition );

  #ifndef PHYSICALLY_CORRECT_LIGHTS
    reflectedLight.directSpecular /= PI;
  #endif
  vec3 rimMix = mix( vec3( 1.0 ), reflectedLight.directSpecular, rimLightingMixFactor );

  vec3 rim = parametricRimColorFactor * pow( saturate( 1.0 - dot( viewDir, normal ) + parametricRimLiftFactor ), parametricRimFresnelPowerFactor );

  #ifdef USE_MATCAPTEXTURE
    {
      vec3 x = normalize( vec3( viewDir.z, 0.0, -viewDir.x ) );
      vec3 y = cross( viewDir, x ); // guaranteed to be normalized
      vec2 sphereUv = 0.5 + 0.5 * vec2( dot( x, normal ), -dot( y, normal ) );
      sphereUv = ( matcapTextureUvTransform * vec3( sphereUv, 1 ) ).xy;
      vec3 matcap = texture2D( matcapTexture, sphereUv ).rgb;
      rim += matcapFactor * matcap;
    }
  #endif

  #ifdef USE_RIMMULTIPLYTEXTURE
    vec2 rimMultiplyTextureUv = ( rimMultiplyTextureUvTransform * vec3( uv, 1 ) ).xy;
    rim *= texture2D( rimMultiplyTexture, rimMultiplyTextureUv ).rgb;
  #endif

  col += rimMix * rim;

  // -- MToon: Emission --------------------------------------------------------
  col += totalEmissiveRadiance;

  // #include <envmap_fragment>

  // -- Almost done! -----------------------------------------------------------
  #if defined( OUTLINE )
    col = outlineColorFactor.rgb * mix( vec3( 1.0 ), col, outlineLightingMixFactor );
  #endif

  #ifdef OPAQUE
    diffuseColor.a = 1.0;
  #endif

  gl_FragColor = vec4( col, diffuseColor.a );
  postCorrection();
}
`,Yi={None:"none",Normal:"normal",LitShadeRate:"litShadeRate",UV:"uv"},xt={None:"none",WorldCoordinates:"worldCoordinates",ScreenCoordinates:"screenCoordinates"},Yn={3e3:"",3001:"srgb"};function yt(e){return parseInt(Dn.REVISION,10)>=152?e.colorSpace:Yn[e.encoding]}var Qi=class extends E.ShaderMaterial{constructor(e={}){var t;super({vertexShader:Gn,fragmentShader:Xn}),this.uvAnimationScrollXSpeedFactor=0,this.uvAnimationScrollYSpeedFactor=0,this.uvAnimationRotationSpeedFactor=0,this.fog=!0,this.normalMapType=E.TangentSpaceNormalMap,this._ignoreVertexColor=!0,this._v0CompatShade=!1,this._debugMode=Yi.None,this._outlineWidthMode=xt.None,this._isOutline=!1,e.transparentWithZWrite&&(e.depthWrite=!0),delete e.transparentWithZWrite,e.fog=!0,e.lights=!0,e.clipping=!0,this.uniforms=E.UniformsUtils.merge([E.UniformsLib.common,E.UniformsLib.normalmap,E.UniformsLib.emissivemap,E.UniformsLib.fog,E.UniformsLib.lights,{litFactor:{value:new E.Color(1,1,1)},mapUvTransform:{value:new E.Matrix3},colorAlpha:{value:1},normalMapUvTransform:{value:new E.Matrix3},shadeColorFactor:{value:new E.Color(0,0,0)},shadeMultiplyTexture:{value:null},shadeMultiplyTextureUvTransform:{value:new E.Matrix3},shadingShiftFactor:{value:0},shadingShiftTexture:{value:null},shadingShiftTextureUvTransform:{value:new E.Matrix3},shadingShiftTextureScale:{value:1},shadingToonyFactor:{value:.9},giEqualizationFactor:{value:.9},matcapFactor:{value:new E.Color(1,1,1)},matcapTexture:{value:null},matcapTextureUvTransform:{value:new E.Matrix3},parametricRimColorFactor:{value:new E.Color(0,0,0)},rimMultiplyTexture:{value:null},rimMultiplyTextureUvTransform:{value:new E.Matrix3},rimLightingMixFactor:{value:1},parametricRimFresnelPowerFactor:{value:5},parametricRimLiftFactor:{value:0},emissive:{value:new E.Color(0,0,0)},emissiveIntensity:{value:1},emissiveMapUvTransform:{value:new E.Matrix3},outlineWidthMultiplyTexture:{value:null},outlineWidthMultiplyTextureUvTransform:{value:new E.Matrix3},outlineWidthFactor:{value:0},outlineColorFactor:{value:new E.Color(0,0,0)},outlineLightingMixFactor:{value:1},uvAnimationMaskTexture:{value:null},uvAnimationMaskTextureUvTransform:{value:new E.Matrix3},uvAnimationScrollXOffset:{value:0},uvAnimationScrollYOffset:{value:0},uvAnimationRotationPhase:{value:0}},(t=e.uniforms)!=null?t:{}]),this.setValues(e),this._uploadUniformsWorkaround(),this.customProgramCacheKey=()=>[...Object.entries(this._generateDefines()).map(([i,r])=>`${i}:${r}`),this.matcapTexture?`matcapTextureColorSpace:${yt(this.matcapTexture)}`:"",this.shadeMultiplyTexture?`shadeMultiplyTextureColorSpace:${yt(this.shadeMultiplyTexture)}`:"",this.rimMultiplyTexture?`rimMultiplyTextureColorSpace:${yt(this.rimMultiplyTexture)}`:""].join(","),this.onBeforeCompile=i=>{let r=parseInt(E.REVISION,10),n=Object.entries(Xi(Xi({},this._generateDefines()),this.defines)).filter(([o,s])=>!!s).map(([o,s])=>`#define ${o} ${s}`).join(`
`)+`
`;i.vertexShader=n+i.vertexShader,i.fragmentShader=n+i.fragmentShader,r<154&&(i.fragmentShader=i.fragmentShader.replace("#include <colorspace_fragment>","#include <encodings_fragment>"))}}get color(){return this.uniforms.litFactor.value}set color(e){this.uniforms.litFactor.value=e}get map(){return this.uniforms.map.value}set map(e){this.uniforms.map.value=e}get normalMap(){return this.uniforms.normalMap.value}set normalMap(e){this.uniforms.normalMap.value=e}get normalScale(){return this.uniforms.normalScale.value}set normalScale(e){this.uniforms.normalScale.value=e}get emissive(){return this.uniforms.emissive.value}set emissive(e){this.uniforms.emissive.value=e}get emissiveIntensity(){return this.uniforms.emissiveIntensity.value}set emissiveIntensity(e){this.uniforms.emissiveIntensity.value=e}get emissiveMap(){return this.uniforms.emissiveMap.value}set emissiveMap(e){this.uniforms.emissiveMap.value=e}get shadeColorFactor(){return this.uniforms.shadeColorFactor.value}set shadeColorFactor(e){this.uniforms.shadeColorFactor.value=e}get shadeMultiplyTexture(){return this.uniforms.shadeMultiplyTexture.value}set shadeMultiplyTexture(e){this.uniforms.shadeMultiplyTexture.value=e}get shadingShiftFactor(){return this.uniforms.shadingShiftFactor.value}set shadingShiftFactor(e){this.uniforms.shadingShiftFactor.value=e}get shadingShiftTexture(){return this.uniforms.shadingShiftTexture.value}set shadingShiftTexture(e){this.uniforms.shadingShiftTexture.value=e}get shadingShiftTextureScale(){return this.uniforms.shadingShiftTextureScale.value}set shadingShiftTextureScale(e){this.uniforms.shadingShiftTextureScale.value=e}get shadingToonyFactor(){return this.uniforms.shadingToonyFactor.value}set shadingToonyFactor(e){this.uniforms.shadingToonyFactor.value=e}get giEqualizationFactor(){return this.uniforms.giEqualizationFactor.value}set giEqualizationFactor(e){this.uniforms.giEqualizationFactor.value=e}get matcapFactor(){return this.uniforms.matcapFactor.value}set matcapFactor(e){this.uniforms.matcapFactor.value=e}get matcapTexture(){return this.uniforms.matcapTexture.value}set matcapTexture(e){this.uniforms.matcapTexture.value=e}get parametricRimColorFactor(){return this.uniforms.parametricRimColorFactor.value}set parametricRimColorFactor(e){this.uniforms.parametricRimColorFactor.value=e}get rimMultiplyTexture(){return this.uniforms.rimMultiplyTexture.value}set rimMultiplyTexture(e){this.uniforms.rimMultiplyTexture.value=e}get rimLightingMixFactor(){return this.uniforms.rimLightingMixFactor.value}set rimLightingMixFactor(e){this.uniforms.rimLightingMixFactor.value=e}get parametricRimFresnelPowerFactor(){return this.uniforms.parametricRimFresnelPowerFactor.value}set parametricRimFresnelPowerFactor(e){this.uniforms.parametricRimFresnelPowerFactor.value=e}get parametricRimLiftFactor(){return this.uniforms.parametricRimLiftFactor.value}set parametricRimLiftFactor(e){this.uniforms.parametricRimLiftFactor.value=e}get outlineWidthMultiplyTexture(){return this.uniforms.outlineWidthMultiplyTexture.value}set outlineWidthMultiplyTexture(e){this.uniforms.outlineWidthMultiplyTexture.value=e}get outlineWidthFactor(){return this.uniforms.outlineWidthFactor.value}set outlineWidthFactor(e){this.uniforms.outlineWidthFactor.value=e}get outlineColorFactor(){return this.uniforms.outlineColorFactor.value}set outlineColorFactor(e){this.uniforms.outlineColorFactor.value=e}get outlineLightingMixFactor(){return this.uniforms.outlineLightingMixFactor.value}set outlineLightingMixFactor(e){this.uniforms.outlineLightingMixFactor.value=e}get uvAnimationMaskTexture(){return this.uniforms.uvAnimationMaskTexture.value}set uvAnimationMaskTexture(e){this.uniforms.uvAnimationMaskTexture.value=e}get uvAnimationScrollXOffset(){return this.uniforms.uvAnimationScrollXOffset.value}set uvAnimationScrollXOffset(e){this.uniforms.uvAnimationScrollXOffset.value=e}get uvAnimationScrollYOffset(){return this.uniforms.uvAnimationScrollYOffset.value}set uvAnimationScrollYOffset(e){this.uniforms.uvAnimationScrollYOffset.value=e}get uvAnimationRotationPhase(){return this.uniforms.uvAnimationRotationPhase.value}set uvAnimationRotationPhase(e){this.uniforms.uvAnimationRotationPhase.value=e}get ignoreVertexColor(){return this._ignoreVertexColor}set ignoreVertexColor(e){this._ignoreVertexColor=e,this.needsUpdate=!0}get v0CompatShade(){return this._v0CompatShade}set v0CompatShade(e){this._v0CompatShade=e,this.needsUpdate=!0}get debugMode(){return this._debugMode}set debugMode(e){this._debugMode=e,this.needsUpdate=!0}get outlineWidthMode(){return this._outlineWidthMode}set outlineWidthMode(e){this._outlineWidthMode=e,this.needsUpdate=!0}get isOutline(){return this._isOutline}set isOutline(e){this._isOutline=e,this.needsUpdate=!0}get isMToonMaterial(){return!0}update(e){this._uploadUniformsWorkaround(),this._updateUVAnimation(e)}copy(e){return super.copy(e),this.map=e.map,this.normalMap=e.normalMap,this.emissiveMap=e.emissiveMap,this.shadeMultiplyTexture=e.shadeMultiplyTexture,this.shadingShiftTexture=e.shadingShiftTexture,this.matcapTexture=e.matcapTexture,this.rimMultiplyTexture=e.rimMultiplyTexture,this.outlineWidthMultiplyTexture=e.outlineWidthMultiplyTexture,this.uvAnimationMaskTexture=e.uvAnimationMaskTexture,this.normalMapType=e.normalMapType,this.uvAnimationScrollXSpeedFactor=e.uvAnimationScrollXSpeedFactor,this.uvAnimationScrollYSpeedFactor=e.uvAnimationScrollYSpeedFactor,this.uvAnimationRotationSpeedFactor=e.uvAnimationRotationSpeedFactor,this.ignoreVertexColor=e.ignoreVertexColor,this.v0CompatShade=e.v0CompatShade,this.debugMode=e.debugMode,this.outlineWidthMode=e.outlineWidthMode,this.isOutline=e.isOutline,this.needsUpdate=!0,this}_updateUVAnimation(e){this.uniforms.uvAnimationScrollXOffset.value+=e*this.uvAnimationScrollXSpeedFactor,this.uniforms.uvAnimationScrollYOffset.value+=e*this.uvAnimationScrollYSpeedFactor,this.uniforms.uvAnimationRotationPhase.value+=e*this.uvAnimationRotationSpeedFactor,this.uniforms.alphaTest.value=this.alphaTest,this.uniformsNeedUpdate=!0}_uploadUniformsWorkaround(){this.uniforms.opacity.value=this.opacity,this._updateTextureMatrix(this.uniforms.map,this.uniforms.mapUvTransform),this._updateTextureMatrix(this.uniforms.normalMap,this.uniforms.normalMapUvTransform),this._updateTextureMatrix(this.uniforms.emissiveMap,this.uniforms.emissiveMapUvTransform),this._updateTextureMatrix(this.uniforms.shadeMultiplyTexture,this.uniforms.shadeMultiplyTextureUvTransform),this._updateTextureMatrix(this.uniforms.shadingShiftTexture,this.uniforms.shadingShiftTextureUvTransform),this._updateTextureMatrix(this.uniforms.matcapTexture,this.uniforms.matcapTextureUvTransform),this._updateTextureMatrix(this.uniforms.rimMultiplyTexture,this.uniforms.rimMultiplyTextureUvTransform),this._updateTextureMatrix(this.uniforms.outlineWidthMultiplyTexture,this.uniforms.outlineWidthMultiplyTextureUvTransform),this._updateTextureMatrix(this.uniforms.uvAnimationMaskTexture,this.uniforms.uvAnimationMaskTextureUvTransform),this.uniformsNeedUpdate=!0}_generateDefines(){let e=parseInt(E.REVISION,10),t=this.outlineWidthMultiplyTexture!==null,i=this.map!==null||this.normalMap!==null||this.emissiveMap!==null||this.shadeMultiplyTexture!==null||this.shadingShiftTexture!==null||this.rimMultiplyTexture!==null||this.uvAnimationMaskTexture!==null;return{THREE_VRM_THREE_REVISION:e,OUTLINE:this._isOutline,MTOON_USE_UV:t||i,MTOON_UVS_VERTEX_ONLY:t&&!i,V0_COMPAT_SHADE:this._v0CompatShade,USE_SHADEMULTIPLYTEXTURE:this.shadeMultiplyTexture!==null,USE_SHADINGSHIFTTEXTURE:this.shadingShiftTexture!==null,USE_MATCAPTEXTURE:this.matcapTexture!==null,USE_RIMMULTIPLYTEXTURE:this.rimMultiplyTexture!==null,USE_OUTLINEWIDTHMULTIPLYTEXTURE:this._isOutline&&this.outlineWidthMultiplyTexture!==null,USE_UVANIMATIONMASKTEXTURE:this.uvAnimationMaskTexture!==null,IGNORE_VERTEX_COLOR:this._ignoreVertexColor===!0,DEBUG_NORMAL:this._debugMode==="normal",DEBUG_LITSHADERATE:this._debugMode==="litShadeRate",DEBUG_UV:this._debugMode==="uv",OUTLINE_WIDTH_SCREEN:this._isOutline&&this._outlineWidthMode===xt.ScreenCoordinates}}_updateTextureMatrix(e,t){e.value&&(e.value.matrixAutoUpdate&&e.value.updateMatrix(),t.value.copy(e.value.matrix))}},Qn=new Set(["1.0","1.0-beta"]),ji=class $e{get name(){return $e.EXTENSION_NAME}constructor(t,i={}){var r,n,o,s;this.parser=t,this.materialType=(r=i.materialType)!=null?r:Qi,this.renderOrderOffset=(n=i.renderOrderOffset)!=null?n:0,this.v0CompatShade=(o=i.v0CompatShade)!=null?o:!1,this.debugMode=(s=i.debugMode)!=null?s:"none",this._mToonMaterialSet=new Set}beforeRoot(){return q(this,null,function*(){this._removeUnlitExtensionIfMToonExists()})}afterRoot(t){return q(this,null,function*(){t.userData.vrmMToonMaterials=Array.from(this._mToonMaterialSet)})}getMaterialType(t){return this._getMToonExtension(t)?this.materialType:null}extendMaterialParams(t,i){let r=this._getMToonExtension(t);return r?this._extendMaterialParams(r,i):null}loadMesh(t){return q(this,null,function*(){var i;let r=this.parser,n=(i=r.json.meshes)==null?void 0:i[t];if(n==null)throw new Error(`MToonMaterialLoaderPlugin: Attempt to use meshes[${t}] of glTF but the mesh doesn't exist`);let o=n.primitives,s=yield r.loadMesh(t);if(o.length===1){let l=s,a=o[0].material;a!=null&&this._setupPrimitive(l,a)}else{let l=s;for(let a=0;a<o.length;a++){let u=l.children[a],h=o[a].material;h!=null&&this._setupPrimitive(u,h)}}return s})}_removeUnlitExtensionIfMToonExists(){let t=this.parser.json.materials;t?.map((i,r)=>{var n;this._getMToonExtension(r)&&(n=i.extensions)!=null&&n.KHR_materials_unlit&&delete i.extensions.KHR_materials_unlit})}_getMToonExtension(t){var i,r;let n=(i=this.parser.json.materials)==null?void 0:i[t];if(n==null){console.warn(`MToonMaterialLoaderPlugin: Attempt to use materials[${t}] of glTF but the material doesn't exist`);return}let o=(r=n.extensions)==null?void 0:r[$e.EXTENSION_NAME];if(o==null)return;let s=o.specVersion;if(!Qn.has(s)){console.warn(`MToonMaterialLoaderPlugin: Unknown ${$e.EXTENSION_NAME} specVersion "${s}"`);return}return o}_extendMaterialParams(t,i){return q(this,null,function*(){var r;delete i.metalness,delete i.roughness;let n=new zn(this.parser,i);n.assignPrimitive("transparentWithZWrite",t.transparentWithZWrite),n.assignColor("shadeColorFactor",t.shadeColorFactor),n.assignTexture("shadeMultiplyTexture",t.shadeMultiplyTexture,!0),n.assignPrimitive("shadingShiftFactor",t.shadingShiftFactor),n.assignTexture("shadingShiftTexture",t.shadingShiftTexture,!0),n.assignPrimitive("shadingShiftTextureScale",(r=t.shadingShiftTexture)==null?void 0:r.scale),n.assignPrimitive("shadingToonyFactor",t.shadingToonyFactor),n.assignPrimitive("giEqualizationFactor",t.giEqualizationFactor),n.assignColor("matcapFactor",t.matcapFactor),n.assignTexture("matcapTexture",t.matcapTexture,!0),n.assignColor("parametricRimColorFactor",t.parametricRimColorFactor),n.assignTexture("rimMultiplyTexture",t.rimMultiplyTexture,!0),n.assignPrimitive("rimLightingMixFactor",t.rimLightingMixFactor),n.assignPrimitive("parametricRimFresnelPowerFactor",t.parametricRimFresnelPowerFactor),n.assignPrimitive("parametricRimLiftFactor",t.parametricRimLiftFactor),n.assignPrimitive("outlineWidthMode",t.outlineWidthMode),n.assignPrimitive("outlineWidthFactor",t.outlineWidthFactor),n.assignTexture("outlineWidthMultiplyTexture",t.outlineWidthMultiplyTexture,!1),n.assignColor("outlineColorFactor",t.outlineColorFactor),n.assignPrimitive("outlineLightingMixFactor",t.outlineLightingMixFactor),n.assignTexture("uvAnimationMaskTexture",t.uvAnimationMaskTexture,!1),n.assignPrimitive("uvAnimationScrollXSpeedFactor",t.uvAnimationScrollXSpeedFactor),n.assignPrimitive("uvAnimationScrollYSpeedFactor",t.uvAnimationScrollYSpeedFactor),n.assignPrimitive("uvAnimationRotationSpeedFactor",t.uvAnimationRotationSpeedFactor),n.assignPrimitive("v0CompatShade",this.v0CompatShade),n.assignPrimitive("debugMode",this.debugMode),yield n.pending})}_setupPrimitive(t,i){let r=this._getMToonExtension(i);if(r){let n=this._parseRenderOrder(r);t.renderOrder=n+this.renderOrderOffset,this._generateOutline(t),this._addToMaterialSet(t);return}}_shouldGenerateOutline(t){return typeof t.outlineWidthMode=="string"&&t.outlineWidthMode!=="none"&&typeof t.outlineWidthFactor=="number"&&t.outlineWidthFactor>0}_generateOutline(t){let i=t.material;if(!(i instanceof Wi.Material)||!this._shouldGenerateOutline(i))return;t.material=[i];let r=i.clone();r.name+=" (Outline)",r.isOutline=!0,r.side=Wi.BackSide,t.material.push(r);let n=t.geometry,o=n.index?n.index.count:n.attributes.position.count/3;n.addGroup(0,o,0),n.addGroup(0,o,1)}_addToMaterialSet(t){let i=t.material,r=new Set;Array.isArray(i)?i.forEach(n=>r.add(n)):r.add(i);for(let n of r)this._mToonMaterialSet.add(n)}_parseRenderOrder(t){var i;return(t.transparentWithZWrite?0:19)+((i=t.renderQueueOffsetNumber)!=null?i:0)}};ji.EXTENSION_NAME="VRMC_materials_mtoon";var qi=ji,jn=(e,t,i)=>new Promise((r,n)=>{var o=a=>{try{l(i.next(a))}catch(u){n(u)}},s=a=>{try{l(i.throw(a))}catch(u){n(u)}},l=a=>a.done?r(a.value):Promise.resolve(a.value).then(o,s);l((i=i.apply(e,t)).next())}),$i=class Ot{get name(){return Ot.EXTENSION_NAME}constructor(t){this.parser=t}extendMaterialParams(t,i){return jn(this,null,function*(){let r=this._getHDREmissiveMultiplierExtension(t);if(r==null)return;console.warn("VRMMaterialsHDREmissiveMultiplierLoaderPlugin: `VRMC_materials_hdr_emissiveMultiplier` is archived. Use `KHR_materials_emissive_strength` instead.");let n=r.emissiveMultiplier;i.emissiveIntensity=n})}_getHDREmissiveMultiplierExtension(t){var i,r;let n=(i=this.parser.json.materials)==null?void 0:i[t];if(n==null){console.warn(`VRMMaterialsHDREmissiveMultiplierLoaderPlugin: Attempt to use materials[${t}] of glTF but the material doesn't exist`);return}let o=(r=n.extensions)==null?void 0:r[Ot.EXTENSION_NAME];if(o!=null)return o}};$i.EXTENSION_NAME="VRMC_materials_hdr_emissiveMultiplier";var qn=$i;import*as $n from"./three.module.js";var Zn=Object.defineProperty,Jn=Object.defineProperties,Kn=Object.getOwnPropertyDescriptors,Zi=Object.getOwnPropertySymbols,eo=Object.prototype.hasOwnProperty,to=Object.prototype.propertyIsEnumerable,Ji=(e,t,i)=>t in e?Zn(e,t,{enumerable:!0,configurable:!0,writable:!0,value:i}):e[t]=i,F=(e,t)=>{for(var i in t||(t={}))eo.call(t,i)&&Ji(e,i,t[i]);if(Zi)for(var i of Zi(t))to.call(t,i)&&Ji(e,i,t[i]);return e},Ki=(e,t)=>Jn(e,Kn(t)),io=(e,t,i)=>new Promise((r,n)=>{var o=a=>{try{l(i.next(a))}catch(u){n(u)}},s=a=>{try{l(i.throw(a))}catch(u){n(u)}},l=a=>a.done?r(a.value):Promise.resolve(a.value).then(o,s);l((i=i.apply(e,t)).next())});function ne(e){return Math.pow(e,2.2)}var ro=class{get name(){return"VRMMaterialsV0CompatPlugin"}constructor(e){var t;this.parser=e,this._renderQueueMapTransparent=new Map,this._renderQueueMapTransparentZWrite=new Map;let i=this.parser.json;i.extensionsUsed=(t=i.extensionsUsed)!=null?t:[],i.extensionsUsed.indexOf("KHR_texture_transform")===-1&&i.extensionsUsed.push("KHR_texture_transform")}beforeRoot(){return io(this,null,function*(){var e;let t=this.parser.json,i=(e=t.extensions)==null?void 0:e.VRM,r=i?.materialProperties;r&&(this._populateRenderQueueMap(r),r.forEach((n,o)=>{var s,l;let a=(s=t.materials)==null?void 0:s[o];if(a==null){console.warn(`VRMMaterialsV0CompatPlugin: Attempt to use materials[${o}] of glTF but the material doesn't exist`);return}if(n.shader==="VRM/MToon"){let u=this._parseV0MToonProperties(n,a);t.materials[o]=u}else if((l=n.shader)!=null&&l.startsWith("VRM/Unlit")){let u=this._parseV0UnlitProperties(n,a);t.materials[o]=u}else n.shader==="VRM_USE_GLTFSHADER"||console.warn(`VRMMaterialsV0CompatPlugin: Unknown shader: ${n.shader}`)}))})}_parseV0MToonProperties(e,t){var i,r,n,o,s,l,a,u,h,p,d,c,f,m,g,v,x,R,M,_,y,S,T,P,A,N,W,de,he,k,D,K,pe,U,Vt,Ct,Nt,Dt,Bt,Ft,Ht,kt,Wt,zt,Gt,Xt,Yt,Qt,jt,qt,$t,Zt,Jt,Kt,ei;let ti=(r=(i=e.keywordMap)==null?void 0:i._ALPHABLEND_ON)!=null?r:!1,Ar=((n=e.floatProperties)==null?void 0:n._ZWrite)===1&&ti,Lr=this._v0ParseRenderQueue(e),ii=(s=(o=e.keywordMap)==null?void 0:o._ALPHATEST_ON)!=null?s:!1,br=ti?"BLEND":ii?"MASK":"OPAQUE",Ir=ii?(a=(l=e.floatProperties)==null?void 0:l._Cutoff)!=null?a:.5:void 0,Ur=((h=(u=e.floatProperties)==null?void 0:u._CullMode)!=null?h:2)===0,Y=this._portTextureTransform(e),Or=((d=(p=e.vectorProperties)==null?void 0:p._Color)!=null?d:[1,1,1,1]).map((hi,nn)=>nn===3?hi:ne(hi)),ri=(c=e.textureProperties)==null?void 0:c._MainTex,Vr=ri!=null?{index:ri,extensions:F({},Y)}:void 0,Cr=(m=(f=e.floatProperties)==null?void 0:f._BumpScale)!=null?m:1,ni=(g=e.textureProperties)==null?void 0:g._BumpMap,Nr=ni!=null?{index:ni,scale:Cr,extensions:F({},Y)}:void 0,Dr=((x=(v=e.vectorProperties)==null?void 0:v._EmissionColor)!=null?x:[0,0,0,1]).map(ne),oi=(R=e.textureProperties)==null?void 0:R._EmissionMap,Br=oi!=null?{index:oi,extensions:F({},Y)}:void 0,Fr=((_=(M=e.vectorProperties)==null?void 0:M._ShadeColor)!=null?_:[.97,.81,.86,1]).map(ne),ai=(y=e.textureProperties)==null?void 0:y._ShadeTexture,Hr=ai!=null?{index:ai,extensions:F({},Y)}:void 0,Te=(T=(S=e.floatProperties)==null?void 0:S._ShadeShift)!=null?T:0,Pe=(A=(P=e.floatProperties)==null?void 0:P._ShadeToony)!=null?A:.9;Pe=$n.MathUtils.lerp(Pe,1,.5+.5*Te),Te=-Te-(1-Pe);let si=(W=(N=e.floatProperties)==null?void 0:N._IndirectLightIntensity)!=null?W:.1,kr=si?1-si:void 0,Ze=(de=e.textureProperties)==null?void 0:de._SphereAdd,Wr=Ze!=null?[1,1,1]:void 0,zr=Ze!=null?{index:Ze}:void 0,Gr=(k=(he=e.floatProperties)==null?void 0:he._RimLightingMix)!=null?k:0,li=(D=e.textureProperties)==null?void 0:D._RimTexture,Xr=li!=null?{index:li,extensions:F({},Y)}:void 0,Yr=((pe=(K=e.vectorProperties)==null?void 0:K._RimColor)!=null?pe:[0,0,0,1]).map(ne),Qr=(Vt=(U=e.floatProperties)==null?void 0:U._RimFresnelPower)!=null?Vt:1,jr=(Nt=(Ct=e.floatProperties)==null?void 0:Ct._RimLift)!=null?Nt:0,qr=["none","worldCoordinates","screenCoordinates"][(Bt=(Dt=e.floatProperties)==null?void 0:Dt._OutlineWidthMode)!=null?Bt:0],Je=(Ht=(Ft=e.floatProperties)==null?void 0:Ft._OutlineWidth)!=null?Ht:0;Je=.01*Je;let ui=(kt=e.textureProperties)==null?void 0:kt._OutlineWidthTexture,$r=ui!=null?{index:ui,extensions:F({},Y)}:void 0,Zr=((zt=(Wt=e.vectorProperties)==null?void 0:Wt._OutlineColor)!=null?zt:[0,0,0]).map(ne),Jr=((Xt=(Gt=e.floatProperties)==null?void 0:Gt._OutlineColorMode)!=null?Xt:0)===1?(Qt=(Yt=e.floatProperties)==null?void 0:Yt._OutlineLightingMix)!=null?Qt:1:0,di=(jt=e.textureProperties)==null?void 0:jt._UvAnimMaskTexture,Kr=di!=null?{index:di,extensions:F({},Y)}:void 0,en=($t=(qt=e.floatProperties)==null?void 0:qt._UvAnimScrollX)!=null?$t:0,Se=(Jt=(Zt=e.floatProperties)==null?void 0:Zt._UvAnimScrollY)!=null?Jt:0;Se!=null&&(Se=-Se);let tn=(ei=(Kt=e.floatProperties)==null?void 0:Kt._UvAnimRotation)!=null?ei:0,rn={specVersion:"1.0",transparentWithZWrite:Ar,renderQueueOffsetNumber:Lr,shadeColorFactor:Fr,shadeMultiplyTexture:Hr,shadingShiftFactor:Te,shadingToonyFactor:Pe,giEqualizationFactor:kr,matcapFactor:Wr,matcapTexture:zr,rimLightingMixFactor:Gr,rimMultiplyTexture:Xr,parametricRimColorFactor:Yr,parametricRimFresnelPowerFactor:Qr,parametricRimLiftFactor:jr,outlineWidthMode:qr,outlineWidthFactor:Je,outlineWidthMultiplyTexture:$r,outlineColorFactor:Zr,outlineLightingMixFactor:Jr,uvAnimationMaskTexture:Kr,uvAnimationScrollXSpeedFactor:en,uvAnimationScrollYSpeedFactor:Se,uvAnimationRotationSpeedFactor:tn};return Ki(F({},t),{pbrMetallicRoughness:{baseColorFactor:Or,baseColorTexture:Vr},normalTexture:Nr,emissiveTexture:Br,emissiveFactor:Dr,alphaMode:br,alphaCutoff:Ir,doubleSided:Ur,extensions:{VRMC_materials_mtoon:rn}})}_parseV0UnlitProperties(e,t){var i,r,n,o,s;let l=e.shader==="VRM/UnlitTransparentZWrite",a=e.shader==="VRM/UnlitTransparent"||l,u=this._v0ParseRenderQueue(e),h=e.shader==="VRM/UnlitCutout",p=a?"BLEND":h?"MASK":"OPAQUE",d=h?(r=(i=e.floatProperties)==null?void 0:i._Cutoff)!=null?r:.5:void 0,c=this._portTextureTransform(e),f=((o=(n=e.vectorProperties)==null?void 0:n._Color)!=null?o:[1,1,1,1]).map(ne),m=(s=e.textureProperties)==null?void 0:s._MainTex,g=m!=null?{index:m,extensions:F({},c)}:void 0,v={specVersion:"1.0",transparentWithZWrite:l,renderQueueOffsetNumber:u,shadeColorFactor:f,shadeMultiplyTexture:g};return Ki(F({},t),{pbrMetallicRoughness:{baseColorFactor:f,baseColorTexture:g},alphaMode:p,alphaCutoff:d,extensions:{VRMC_materials_mtoon:v}})}_portTextureTransform(e){var t,i,r,n,o;let s=(t=e.vectorProperties)==null?void 0:t._MainTex;if(s==null)return{};let l=[(i=s?.[0])!=null?i:0,(r=s?.[1])!=null?r:0],a=[(n=s?.[2])!=null?n:1,(o=s?.[3])!=null?o:1];return l[1]=1-a[1]-l[1],{KHR_texture_transform:{offset:l,scale:a}}}_v0ParseRenderQueue(e){var t,i;let r=e.shader==="VRM/UnlitTransparentZWrite",n=((t=e.keywordMap)==null?void 0:t._ALPHABLEND_ON)!=null||e.shader==="VRM/UnlitTransparent"||r,o=((i=e.floatProperties)==null?void 0:i._ZWrite)===1||r,s=0;if(n){let l=e.renderQueue;l!=null&&(o?s=this._renderQueueMapTransparentZWrite.get(l):s=this._renderQueueMapTransparent.get(l))}return s}_populateRenderQueueMap(e){let t=new Set,i=new Set;e.forEach(r=>{var n,o;let s=r.shader==="VRM/UnlitTransparentZWrite",l=((n=r.keywordMap)==null?void 0:n._ALPHABLEND_ON)!=null||r.shader==="VRM/UnlitTransparent"||s,a=((o=r.floatProperties)==null?void 0:o._ZWrite)===1||s;if(l){let u=r.renderQueue;u!=null&&(a?i.add(u):t.add(u))}}),t.size>10&&console.warn(`VRMMaterialsV0CompatPlugin: This VRM uses ${t.size} render queues for Transparent materials while VRM 1.0 only supports up to 10 render queues. The model might not be rendered correctly.`),i.size>10&&console.warn(`VRMMaterialsV0CompatPlugin: This VRM uses ${i.size} render queues for TransparentZWrite materials while VRM 1.0 only supports up to 10 render queues. The model might not be rendered correctly.`),Array.from(t).sort().forEach((r,n)=>{let o=Math.min(Math.max(n-t.size+1,-9),0);this._renderQueueMapTransparent.set(r,o)}),Array.from(i).sort().forEach((r,n)=>{let o=Math.min(Math.max(n,0),9);this._renderQueueMapTransparentZWrite.set(r,o)})}};import*as $ from"./three.module.js";import*as G from"./three.module.js";import*as er from"./three.module.js";import*as Ve from"./three.module.js";import*as Z from"./three.module.js";var tr=(e,t,i)=>new Promise((r,n)=>{var o=a=>{try{l(i.next(a))}catch(u){n(u)}},s=a=>{try{l(i.throw(a))}catch(u){n(u)}},l=a=>a.done?r(a.value):Promise.resolve(a.value).then(o,s);l((i=i.apply(e,t)).next())}),X=new $.Vector3,Ce=class extends $.Group{constructor(e){super(),this._attrPosition=new $.BufferAttribute(new Float32Array([0,0,0,0,0,0]),3),this._attrPosition.setUsage($.DynamicDrawUsage);let t=new $.BufferGeometry;t.setAttribute("position",this._attrPosition);let i=new $.LineBasicMaterial({color:16711935,depthTest:!1,depthWrite:!1});this._line=new $.Line(t,i),this.add(this._line),this.constraint=e}updateMatrixWorld(e){X.setFromMatrixPosition(this.constraint.destination.matrixWorld),this._attrPosition.setXYZ(0,X.x,X.y,X.z),this.constraint.source&&X.setFromMatrixPosition(this.constraint.source.matrixWorld),this._attrPosition.setXYZ(1,X.x,X.y,X.z),this._attrPosition.needsUpdate=!0,super.updateMatrixWorld(e)}};function ir(e,t){return t.set(e.elements[12],e.elements[13],e.elements[14])}var no=new er.Vector3,oo=new er.Vector3;function ao(e,t){return e.decompose(no,t,oo),t}function Ne(e){return e.invert?e.invert():e.inverse(),e}var De=class{constructor(e,t){this.destination=e,this.source=t,this.weight=1}},so=new G.Vector3,lo=new G.Vector3,uo=new G.Vector3,ho=new G.Quaternion,po=new G.Quaternion,co=new G.Quaternion,rr=class extends De{get aimAxis(){return this._aimAxis}set aimAxis(e){this._aimAxis=e,this._v3AimAxis.set(e==="PositiveX"?1:e==="NegativeX"?-1:0,e==="PositiveY"?1:e==="NegativeY"?-1:0,e==="PositiveZ"?1:e==="NegativeZ"?-1:0)}get dependencies(){let e=new Set([this.source]);return this.destination.parent&&e.add(this.destination.parent),e}constructor(e,t){super(e,t),this._aimAxis="PositiveX",this._v3AimAxis=new G.Vector3(1,0,0),this._dstRestQuat=new G.Quaternion}setInitState(){this._dstRestQuat.copy(this.destination.quaternion)}update(){this.destination.updateWorldMatrix(!0,!1),this.source.updateWorldMatrix(!0,!1);let e=ho.identity(),t=po.identity();this.destination.parent&&(ao(this.destination.parent.matrixWorld,e),Ne(t.copy(e)));let i=so.copy(this._v3AimAxis).applyQuaternion(this._dstRestQuat).applyQuaternion(e),r=ir(this.source.matrixWorld,lo).sub(ir(this.destination.matrixWorld,uo)).normalize(),n=co.setFromUnitVectors(i,r).premultiply(t).multiply(e).multiply(this._dstRestQuat);this.destination.quaternion.copy(this._dstRestQuat).slerp(n,this.weight)}};function mo(e,t){let i=[e],r=e.parent;for(;r!==null;)i.unshift(r),r=r.parent;i.forEach(n=>{t(n)})}var nr=class{constructor(){this._constraints=new Set,this._objectConstraintsMap=new Map}get constraints(){return this._constraints}addConstraint(e){this._constraints.add(e);let t=this._objectConstraintsMap.get(e.destination);t==null&&(t=new Set,this._objectConstraintsMap.set(e.destination,t)),t.add(e)}deleteConstraint(e){this._constraints.delete(e),this._objectConstraintsMap.get(e.destination).delete(e)}setInitState(){let e=new Set,t=new Set;for(let i of this._constraints)this._processConstraint(i,e,t,r=>r.setInitState())}update(){let e=new Set,t=new Set;for(let i of this._constraints)this._processConstraint(i,e,t,r=>r.update())}_processConstraint(e,t,i,r){if(i.has(e))return;if(t.has(e))throw new Error("VRMNodeConstraintManager: Circular dependency detected while updating constraints");t.add(e);let n=e.dependencies;for(let o of n)mo(o,s=>{let l=this._objectConstraintsMap.get(s);if(l)for(let a of l)this._processConstraint(a,t,i,r)});r(e),i.add(e)}},fo=new Ve.Quaternion,go=new Ve.Quaternion,or=class extends De{get dependencies(){return new Set([this.source])}constructor(e,t){super(e,t),this._dstRestQuat=new Ve.Quaternion,this._invSrcRestQuat=new Ve.Quaternion}setInitState(){this._dstRestQuat.copy(this.destination.quaternion),Ne(this._invSrcRestQuat.copy(this.source.quaternion))}update(){let e=fo.copy(this._invSrcRestQuat).multiply(this.source.quaternion),t=go.copy(this._dstRestQuat).multiply(e);this.destination.quaternion.copy(this._dstRestQuat).slerp(t,this.weight)}},_o=new Z.Vector3,vo=new Z.Quaternion,Mo=new Z.Quaternion,ar=class extends De{get rollAxis(){return this._rollAxis}set rollAxis(e){this._rollAxis=e,this._v3RollAxis.set(e==="X"?1:0,e==="Y"?1:0,e==="Z"?1:0)}get dependencies(){return new Set([this.source])}constructor(e,t){super(e,t),this._rollAxis="X",this._v3RollAxis=new Z.Vector3(1,0,0),this._dstRestQuat=new Z.Quaternion,this._invDstRestQuat=new Z.Quaternion,this._invSrcRestQuatMulDstRestQuat=new Z.Quaternion}setInitState(){this._dstRestQuat.copy(this.destination.quaternion),Ne(this._invDstRestQuat.copy(this._dstRestQuat)),Ne(this._invSrcRestQuatMulDstRestQuat.copy(this.source.quaternion)).multiply(this._dstRestQuat)}update(){let e=vo.copy(this._invDstRestQuat).multiply(this.source.quaternion).multiply(this._invSrcRestQuatMulDstRestQuat),t=_o.copy(this._v3RollAxis).applyQuaternion(e),i=Mo.setFromUnitVectors(t,this._v3RollAxis).premultiply(this._dstRestQuat).multiply(e);this.destination.quaternion.copy(this._dstRestQuat).slerp(i,this.weight)}},xo=new Set(["1.0","1.0-beta"]),sr=class Re{get name(){return Re.EXTENSION_NAME}constructor(t,i){this.parser=t,this.helperRoot=i?.helperRoot}afterRoot(t){return tr(this,null,function*(){t.userData.vrmNodeConstraintManager=yield this._import(t)})}_import(t){return tr(this,null,function*(){var i;let r=this.parser.json;if(((i=r.extensionsUsed)==null?void 0:i.indexOf(Re.EXTENSION_NAME))===-1)return null;let n=new nr,o=yield this.parser.getDependencies("node");return o.forEach((s,l)=>{var a;let u=r.nodes[l],h=(a=u?.extensions)==null?void 0:a[Re.EXTENSION_NAME];if(h==null)return;let p=h.specVersion;if(!xo.has(p)){console.warn(`VRMNodeConstraintLoaderPlugin: Unknown ${Re.EXTENSION_NAME} specVersion "${p}"`);return}let d=h.constraint;if(d.roll!=null){let c=this._importRollConstraint(s,o,d.roll);n.addConstraint(c)}else if(d.aim!=null){let c=this._importAimConstraint(s,o,d.aim);n.addConstraint(c)}else if(d.rotation!=null){let c=this._importRotationConstraint(s,o,d.rotation);n.addConstraint(c)}}),t.scene.updateMatrixWorld(),n.setInitState(),n})}_importRollConstraint(t,i,r){let{source:n,rollAxis:o,weight:s}=r,l=i[n],a=new ar(t,l);if(o!=null&&(a.rollAxis=o),s!=null&&(a.weight=s),this.helperRoot){let u=new Ce(a);this.helperRoot.add(u)}return a}_importAimConstraint(t,i,r){let{source:n,aimAxis:o,weight:s}=r,l=i[n],a=new rr(t,l);if(o!=null&&(a.aimAxis=o),s!=null&&(a.weight=s),this.helperRoot){let u=new Ce(a);this.helperRoot.add(u)}return a}_importRotationConstraint(t,i,r){let{source:n,weight:o}=r,s=i[n],l=new or(t,s);if(o!=null&&(l.weight=o),this.helperRoot){let a=new Ce(l);this.helperRoot.add(a)}return l}};sr.EXTENSION_NAME="VRMC_node_constraint";var lr=sr;import*as Be from"./three.module.js";import*as Fe from"./three.module.js";import*as He from"./three.module.js";import*as ur from"./three.module.js";import*as oe from"./three.module.js";import*as ve from"./three.module.js";import*as ke from"./three.module.js";import*as We from"./three.module.js";import*as ze from"./three.module.js";import*as dr from"./three.module.js";import*as O from"./three.module.js";import*as yo from"./three.module.js";import*as wo from"./three.module.js";import*as C from"./three.module.js";var Ge=(e,t,i)=>new Promise((r,n)=>{var o=a=>{try{l(i.next(a))}catch(u){n(u)}},s=a=>{try{l(i.throw(a))}catch(u){n(u)}},l=a=>a.done?r(a.value):Promise.resolve(a.value).then(o,s);l((i=i.apply(e,t)).next())}),Xe=class{},wt=new Fe.Vector3,ae=new Fe.Vector3,Rt=class extends Xe{get type(){return"capsule"}constructor(e){var t,i,r,n;super(),this.offset=(t=e?.offset)!=null?t:new Fe.Vector3(0,0,0),this.tail=(i=e?.tail)!=null?i:new Fe.Vector3(0,0,0),this.radius=(r=e?.radius)!=null?r:0,this.inside=(n=e?.inside)!=null?n:!1}calculateCollision(e,t,i,r){wt.setFromMatrixPosition(e),ae.subVectors(this.tail,this.offset).applyMatrix4(e),ae.sub(wt);let n=ae.lengthSq();r.copy(t).sub(wt);let o=ae.dot(r);o<=0||(n<=o||ae.multiplyScalar(o/n),r.sub(ae));let s=r.length(),l=this.inside?this.radius-i-s:s-i-this.radius;return l<0&&(r.multiplyScalar(1/s),this.inside&&r.negate()),l}},Tt=new He.Vector3,hr=new He.Matrix3,Pt=class extends Xe{get type(){return"plane"}constructor(e){var t,i;super(),this.offset=(t=e?.offset)!=null?t:new He.Vector3(0,0,0),this.normal=(i=e?.normal)!=null?i:new He.Vector3(0,0,1)}calculateCollision(e,t,i,r){r.setFromMatrixPosition(e),r.negate().add(t),hr.getNormalMatrix(e),Tt.copy(this.normal).applyNormalMatrix(hr).normalize();let n=r.dot(Tt)-i;return r.copy(Tt),n}},Ro=new ur.Vector3,St=class extends Xe{get type(){return"sphere"}constructor(e){var t,i,r;super(),this.offset=(t=e?.offset)!=null?t:new ur.Vector3(0,0,0),this.radius=(i=e?.radius)!=null?i:0,this.inside=(r=e?.inside)!=null?r:!1}calculateCollision(e,t,i,r){r.subVectors(t,Ro.setFromMatrixPosition(e));let n=r.length(),o=this.inside?this.radius-i-n:n-i-this.radius;return o<0&&(r.multiplyScalar(1/n),this.inside&&r.negate()),o}},H=new oe.Vector3,To=class extends oe.BufferGeometry{constructor(e){super(),this.worldScale=1,this._currentRadius=0,this._currentOffset=new oe.Vector3,this._currentTail=new oe.Vector3,this._shape=e,this._attrPos=new oe.BufferAttribute(new Float32Array(396),3),this.setAttribute("position",this._attrPos),this._attrIndex=new oe.BufferAttribute(new Uint16Array(264),1),this.setIndex(this._attrIndex),this._buildIndex(),this.update()}update(){let e=!1,t=this._shape.radius/this.worldScale;this._currentRadius!==t&&(this._currentRadius=t,e=!0),this._currentOffset.equals(this._shape.offset)||(this._currentOffset.copy(this._shape.offset),e=!0);let i=H.copy(this._shape.tail).divideScalar(this.worldScale);this._currentTail.distanceToSquared(i)>1e-10&&(this._currentTail.copy(i),e=!0),e&&this._buildPosition()}_buildPosition(){H.copy(this._currentTail).sub(this._currentOffset);let e=H.length()/this._currentRadius;for(let r=0;r<=16;r++){let n=r/16*Math.PI;this._attrPos.setXYZ(r,-Math.sin(n),-Math.cos(n),0),this._attrPos.setXYZ(17+r,e+Math.sin(n),Math.cos(n),0),this._attrPos.setXYZ(34+r,-Math.sin(n),0,-Math.cos(n)),this._attrPos.setXYZ(51+r,e+Math.sin(n),0,Math.cos(n))}for(let r=0;r<32;r++){let n=r/16*Math.PI;this._attrPos.setXYZ(68+r,0,Math.sin(n),Math.cos(n)),this._attrPos.setXYZ(100+r,e,Math.sin(n),Math.cos(n))}let t=Math.atan2(H.y,Math.sqrt(H.x*H.x+H.z*H.z)),i=-Math.atan2(H.z,H.x);this.rotateZ(t),this.rotateY(i),this.scale(this._currentRadius,this._currentRadius,this._currentRadius),this.translate(this._currentOffset.x,this._currentOffset.y,this._currentOffset.z),this._attrPos.needsUpdate=!0}_buildIndex(){for(let e=0;e<34;e++){let t=(e+1)%34;this._attrIndex.setXY(e*2,e,t),this._attrIndex.setXY(68+e*2,34+e,34+t)}for(let e=0;e<32;e++){let t=(e+1)%32;this._attrIndex.setXY(136+e*2,68+e,68+t),this._attrIndex.setXY(200+e*2,100+e,100+t)}this._attrIndex.needsUpdate=!0}},Po=class extends ve.BufferGeometry{constructor(e){super(),this.worldScale=1,this._currentOffset=new ve.Vector3,this._currentNormal=new ve.Vector3,this._shape=e,this._attrPos=new ve.BufferAttribute(new Float32Array(18),3),this.setAttribute("position",this._attrPos),this._attrIndex=new ve.BufferAttribute(new Uint16Array(10),1),this.setIndex(this._attrIndex),this._buildIndex(),this.update()}update(){let e=!1;this._currentOffset.equals(this._shape.offset)||(this._currentOffset.copy(this._shape.offset),e=!0),this._currentNormal.equals(this._shape.normal)||(this._currentNormal.copy(this._shape.normal),e=!0),e&&this._buildPosition()}_buildPosition(){this._attrPos.setXYZ(0,-.5,-.5,0),this._attrPos.setXYZ(1,.5,-.5,0),this._attrPos.setXYZ(2,.5,.5,0),this._attrPos.setXYZ(3,-.5,.5,0),this._attrPos.setXYZ(4,0,0,0),this._attrPos.setXYZ(5,0,0,.25),this.translate(this._currentOffset.x,this._currentOffset.y,this._currentOffset.z),this.lookAt(this._currentNormal),this._attrPos.needsUpdate=!0}_buildIndex(){this._attrIndex.setXY(0,0,1),this._attrIndex.setXY(2,1,2),this._attrIndex.setXY(4,2,3),this._attrIndex.setXY(6,3,0),this._attrIndex.setXY(8,4,5),this._attrIndex.needsUpdate=!0}},So=class extends ke.BufferGeometry{constructor(e){super(),this.worldScale=1,this._currentRadius=0,this._currentOffset=new ke.Vector3,this._shape=e,this._attrPos=new ke.BufferAttribute(new Float32Array(288),3),this.setAttribute("position",this._attrPos),this._attrIndex=new ke.BufferAttribute(new Uint16Array(192),1),this.setIndex(this._attrIndex),this._buildIndex(),this.update()}update(){let e=!1,t=this._shape.radius/this.worldScale;this._currentRadius!==t&&(this._currentRadius=t,e=!0),this._currentOffset.equals(this._shape.offset)||(this._currentOffset.copy(this._shape.offset),e=!0),e&&this._buildPosition()}_buildPosition(){for(let e=0;e<32;e++){let t=e/16*Math.PI;this._attrPos.setXYZ(e,Math.cos(t),Math.sin(t),0),this._attrPos.setXYZ(32+e,0,Math.cos(t),Math.sin(t)),this._attrPos.setXYZ(64+e,Math.sin(t),0,Math.cos(t))}this.scale(this._currentRadius,this._currentRadius,this._currentRadius),this.translate(this._currentOffset.x,this._currentOffset.y,this._currentOffset.z),this._attrPos.needsUpdate=!0}_buildIndex(){for(let e=0;e<32;e++){let t=(e+1)%32;this._attrIndex.setXY(e*2,e,t),this._attrIndex.setXY(64+e*2,32+e,32+t),this._attrIndex.setXY(128+e*2,64+e,64+t)}this._attrIndex.needsUpdate=!0}},Eo=new Be.Vector3,Ye=class extends Be.Group{constructor(e){if(super(),this.matrixAutoUpdate=!1,this.collider=e,this.collider.shape instanceof St)this._geometry=new So(this.collider.shape);else if(this.collider.shape instanceof Rt)this._geometry=new To(this.collider.shape);else if(this.collider.shape instanceof Pt)this._geometry=new Po(this.collider.shape);else throw new Error("VRMSpringBoneColliderHelper: Unknown collider shape type detected");let t=new Be.LineBasicMaterial({color:16711935,depthTest:!1,depthWrite:!1});this._line=new Be.LineSegments(this._geometry,t),this.add(this._line)}dispose(){this._geometry.dispose()}updateMatrixWorld(e){this.collider.updateWorldMatrix(!0,!1),this.matrix.copy(this.collider.matrixWorld);let t=this.matrix.elements;this._geometry.worldScale=Eo.set(t[0],t[1],t[2]).length(),this._geometry.update(),super.updateMatrixWorld(e)}},Ao=class extends ze.BufferGeometry{constructor(e){super(),this.worldScale=1,this._currentRadius=0,this._currentTail=new ze.Vector3,this._springBone=e,this._attrPos=new ze.BufferAttribute(new Float32Array(294),3),this.setAttribute("position",this._attrPos),this._attrIndex=new ze.BufferAttribute(new Uint16Array(194),1),this.setIndex(this._attrIndex),this._buildIndex(),this.update()}update(){let e=!1,t=this._springBone.settings.hitRadius/this.worldScale;this._currentRadius!==t&&(this._currentRadius=t,e=!0),this._currentTail.equals(this._springBone.initialLocalChildPosition)||(this._currentTail.copy(this._springBone.initialLocalChildPosition),e=!0),e&&this._buildPosition()}_buildPosition(){for(let e=0;e<32;e++){let t=e/16*Math.PI;this._attrPos.setXYZ(e,Math.cos(t),Math.sin(t),0),this._attrPos.setXYZ(32+e,0,Math.cos(t),Math.sin(t)),this._attrPos.setXYZ(64+e,Math.sin(t),0,Math.cos(t))}this.scale(this._currentRadius,this._currentRadius,this._currentRadius),this.translate(this._currentTail.x,this._currentTail.y,this._currentTail.z),this._attrPos.setXYZ(96,0,0,0),this._attrPos.setXYZ(97,this._currentTail.x,this._currentTail.y,this._currentTail.z),this._attrPos.needsUpdate=!0}_buildIndex(){for(let e=0;e<32;e++){let t=(e+1)%32;this._attrIndex.setXY(e*2,e,t),this._attrIndex.setXY(64+e*2,32+e,32+t),this._attrIndex.setXY(128+e*2,64+e,64+t)}this._attrIndex.setXY(192,96,97),this._attrIndex.needsUpdate=!0}},Lo=new We.Vector3,pr=class extends We.Group{constructor(e){super(),this.matrixAutoUpdate=!1,this.springBone=e,this._geometry=new Ao(this.springBone);let t=new We.LineBasicMaterial({color:16776960,depthTest:!1,depthWrite:!1});this._line=new We.LineSegments(this._geometry,t),this.add(this._line)}dispose(){this._geometry.dispose()}updateMatrixWorld(e){this.springBone.bone.updateWorldMatrix(!0,!1),this.matrix.copy(this.springBone.bone.matrixWorld);let t=this.matrix.elements;this._geometry.worldScale=Lo.set(t[0],t[1],t[2]).length(),this._geometry.update(),super.updateMatrixWorld(e)}},Qe=class extends dr.Object3D{constructor(e){super(),this.colliderMatrix=new dr.Matrix4,this.shape=e}updateWorldMatrix(e,t){super.updateWorldMatrix(e,t),bo(this.colliderMatrix,this.matrixWorld,this.shape.offset)}};function bo(e,t,i){let r=t.elements;e.copy(t),i&&(e.elements[12]=r[0]*i.x+r[4]*i.y+r[8]*i.z+r[12],e.elements[13]=r[1]*i.x+r[5]*i.y+r[9]*i.z+r[13],e.elements[14]=r[2]*i.x+r[6]*i.y+r[10]*i.z+r[14])}var Io=new wo.Matrix4;function Uo(e){return e.invert?e.invert():e.getInverse(Io.copy(e)),e}var Oo=class{constructor(e){this._inverseCache=new yo.Matrix4,this._shouldUpdateInverse=!0,this.matrix=e;let t={set:(i,r,n)=>(this._shouldUpdateInverse=!0,i[r]=n,!0)};this._originalElements=e.elements,e.elements=new Proxy(e.elements,t)}get inverse(){return this._shouldUpdateInverse&&(Uo(this._inverseCache.copy(this.matrix)),this._shouldUpdateInverse=!1),this._inverseCache}revert(){this.matrix.elements=this._originalElements}},Et=new O.Matrix4,se=new O.Vector3,Me=new O.Vector3,xe=new O.Vector3,ye=new O.Vector3,Vo=new O.Matrix4,cr=class{constructor(e,t,i={},r=[]){this._currentTail=new O.Vector3,this._prevTail=new O.Vector3,this._boneAxis=new O.Vector3,this._worldSpaceBoneLength=0,this._center=null,this._initialLocalMatrix=new O.Matrix4,this._initialLocalRotation=new O.Quaternion,this._initialLocalChildPosition=new O.Vector3;var n,o,s,l,a,u;this.bone=e,this.bone.matrixAutoUpdate=!1,this.child=t,this.settings={hitRadius:(n=i.hitRadius)!=null?n:0,stiffness:(o=i.stiffness)!=null?o:1,gravityPower:(s=i.gravityPower)!=null?s:0,gravityDir:(a=(l=i.gravityDir)==null?void 0:l.clone())!=null?a:new O.Vector3(0,-1,0),dragForce:(u=i.dragForce)!=null?u:.4},this.colliderGroups=r}get dependencies(){let e=new Set,t=this.bone.parent;t&&e.add(t);for(let i=0;i<this.colliderGroups.length;i++)for(let r=0;r<this.colliderGroups[i].colliders.length;r++)e.add(this.colliderGroups[i].colliders[r]);return e}get center(){return this._center}set center(e){var t;(t=this._center)!=null&&t.userData.inverseCacheProxy&&(this._center.userData.inverseCacheProxy.revert(),delete this._center.userData.inverseCacheProxy),this._center=e,this._center&&(this._center.userData.inverseCacheProxy||(this._center.userData.inverseCacheProxy=new Oo(this._center.matrixWorld)))}get initialLocalChildPosition(){return this._initialLocalChildPosition}get _parentMatrixWorld(){return this.bone.parent?this.bone.parent.matrixWorld:Et}setInitState(){this._initialLocalMatrix.copy(this.bone.matrix),this._initialLocalRotation.copy(this.bone.quaternion),this.child?this._initialLocalChildPosition.copy(this.child.position):this._initialLocalChildPosition.copy(this.bone.position).normalize().multiplyScalar(.07);let e=this._getMatrixWorldToCenter();this.bone.localToWorld(this._currentTail.copy(this._initialLocalChildPosition)).applyMatrix4(e),this._prevTail.copy(this._currentTail),this._boneAxis.copy(this._initialLocalChildPosition).normalize()}reset(){this.bone.quaternion.copy(this._initialLocalRotation),this.bone.updateMatrix(),this.bone.matrixWorld.multiplyMatrices(this._parentMatrixWorld,this.bone.matrix);let e=this._getMatrixWorldToCenter();this.bone.localToWorld(this._currentTail.copy(this._initialLocalChildPosition)).applyMatrix4(e),this._prevTail.copy(this._currentTail)}update(e){if(e<=0)return;this._calcWorldSpaceBoneLength();let t=Me.copy(this._boneAxis).transformDirection(this._initialLocalMatrix).transformDirection(this._parentMatrixWorld);ye.copy(this._currentTail).add(se.subVectors(this._currentTail,this._prevTail).multiplyScalar(1-this.settings.dragForce)).applyMatrix4(this._getMatrixCenterToWorld()).addScaledVector(t,this.settings.stiffness*e).addScaledVector(this.settings.gravityDir,this.settings.gravityPower*e),xe.setFromMatrixPosition(this.bone.matrixWorld),ye.sub(xe).normalize().multiplyScalar(this._worldSpaceBoneLength).add(xe),this._collision(ye),this._prevTail.copy(this._currentTail),this._currentTail.copy(ye).applyMatrix4(this._getMatrixWorldToCenter());let i=Vo.multiplyMatrices(this._parentMatrixWorld,this._initialLocalMatrix).invert();this.bone.quaternion.setFromUnitVectors(this._boneAxis,se.copy(ye).applyMatrix4(i).normalize()).premultiply(this._initialLocalRotation),this.bone.updateMatrix(),this.bone.matrixWorld.multiplyMatrices(this._parentMatrixWorld,this.bone.matrix)}_collision(e){for(let t=0;t<this.colliderGroups.length;t++)for(let i=0;i<this.colliderGroups[t].colliders.length;i++){let r=this.colliderGroups[t].colliders[i],n=r.shape.calculateCollision(r.colliderMatrix,e,this.settings.hitRadius,se);if(n<0){e.addScaledVector(se,-n),e.sub(xe);let o=e.length();e.multiplyScalar(this._worldSpaceBoneLength/o).add(xe)}}}_calcWorldSpaceBoneLength(){se.setFromMatrixPosition(this.bone.matrixWorld),this.child?Me.setFromMatrixPosition(this.child.matrixWorld):(Me.copy(this._initialLocalChildPosition),Me.applyMatrix4(this.bone.matrixWorld)),this._worldSpaceBoneLength=se.sub(Me).length()}_getMatrixCenterToWorld(){return this._center?this._center.matrixWorld:Et}_getMatrixWorldToCenter(){return this._center?this._center.userData.inverseCacheProxy.inverse:Et}};function Co(e,t){let i=[],r=e;for(;r!==null;)i.unshift(r),r=r.parent;i.forEach(n=>{t(n)})}function At(e,t){e.children.forEach(i=>{t(i)||At(i,t)})}function No(e){var t;let i=new Map;for(let r of e){let n=r;do{let o=((t=i.get(n))!=null?t:0)+1;if(o===e.size)return n;i.set(n,o),n=n.parent}while(n!==null)}return null}var Lt=class{constructor(){this._joints=new Set,this._sortedJoints=[],this._hasWarnedCircularDependency=!1,this._ancestors=[],this._objectSpringBonesMap=new Map,this._isSortedJointsDirty=!1,this._relevantChildrenUpdated=this._relevantChildrenUpdated.bind(this)}get joints(){return this._joints}get springBones(){return console.warn("VRMSpringBoneManager: springBones is deprecated. use joints instead."),this._joints}get colliderGroups(){let e=new Set;return this._joints.forEach(t=>{t.colliderGroups.forEach(i=>{e.add(i)})}),Array.from(e)}get colliders(){let e=new Set;return this.colliderGroups.forEach(t=>{t.colliders.forEach(i=>{e.add(i)})}),Array.from(e)}addJoint(e){this._joints.add(e);let t=this._objectSpringBonesMap.get(e.bone);t==null&&(t=new Set,this._objectSpringBonesMap.set(e.bone,t)),t.add(e),this._isSortedJointsDirty=!0}addSpringBone(e){console.warn("VRMSpringBoneManager: addSpringBone() is deprecated. use addJoint() instead."),this.addJoint(e)}deleteJoint(e){this._joints.delete(e),this._objectSpringBonesMap.get(e.bone).delete(e),this._isSortedJointsDirty=!0}deleteSpringBone(e){console.warn("VRMSpringBoneManager: deleteSpringBone() is deprecated. use deleteJoint() instead."),this.deleteJoint(e)}setInitState(){this._sortJoints();for(let e=0;e<this._sortedJoints.length;e++){let t=this._sortedJoints[e];t.bone.updateMatrix(),t.bone.updateWorldMatrix(!1,!1),t.setInitState()}}reset(){this._sortJoints();for(let e=0;e<this._sortedJoints.length;e++){let t=this._sortedJoints[e];t.bone.updateMatrix(),t.bone.updateWorldMatrix(!1,!1),t.reset()}}update(e){this._sortJoints();for(let t=0;t<this._ancestors.length;t++)this._ancestors[t].updateWorldMatrix(t===0,!1);for(let t=0;t<this._sortedJoints.length;t++){let i=this._sortedJoints[t];i.bone.updateMatrix(),i.bone.updateWorldMatrix(!1,!1),i.update(e),At(i.bone,this._relevantChildrenUpdated)}}_sortJoints(){if(!this._isSortedJointsDirty)return;let e=[],t=new Set,i=new Set,r=new Set;for(let o of this._joints)this._insertJointSort(o,t,i,e,r);this._sortedJoints=e;let n=No(r);this._ancestors=[],n&&(this._ancestors.push(n),At(n,o=>{var s,l;return((l=(s=this._objectSpringBonesMap.get(o))==null?void 0:s.size)!=null?l:0)>0?!0:(this._ancestors.push(o),!1)})),this._isSortedJointsDirty=!1}_insertJointSort(e,t,i,r,n){if(i.has(e))return;if(t.has(e)){this._hasWarnedCircularDependency||(console.warn("VRMSpringBoneManager: Circular dependency detected"),this._hasWarnedCircularDependency=!0);return}t.add(e);let o=e.dependencies;for(let s of o){let l=!1,a=null;Co(s,u=>{let h=this._objectSpringBonesMap.get(u);if(h)for(let p of h)l=!0,this._insertJointSort(p,t,i,r,n);else l||(a=u)}),a&&n.add(a)}r.push(e),i.add(e)}_relevantChildrenUpdated(e){var t,i;return((i=(t=this._objectSpringBonesMap.get(e))==null?void 0:t.size)!=null?i:0)>0?!0:(e.updateWorldMatrix(!1,!1),!1)}},mr="VRMC_springBone_extended_collider",Do=new Set(["1.0","1.0-beta"]),Bo=new Set(["1.0"]),fr=class ue{get name(){return ue.EXTENSION_NAME}constructor(t,i){var r;this.parser=t,this.jointHelperRoot=i?.jointHelperRoot,this.colliderHelperRoot=i?.colliderHelperRoot,this.useExtendedColliders=(r=i?.useExtendedColliders)!=null?r:!0}afterRoot(t){return Ge(this,null,function*(){t.userData.vrmSpringBoneManager=yield this._import(t)})}_import(t){return Ge(this,null,function*(){let i=yield this._v1Import(t);if(i!=null)return i;let r=yield this._v0Import(t);return r??null})}_v1Import(t){return Ge(this,null,function*(){var i,r,n,o,s;let l=t.parser.json;if(((i=l.extensionsUsed)==null?void 0:i.indexOf(ue.EXTENSION_NAME))===-1)return null;let a=new Lt,u=yield t.parser.getDependencies("node"),h=(r=l.extensions)==null?void 0:r[ue.EXTENSION_NAME];if(!h)return null;let p=h.specVersion;if(!Do.has(p))return console.warn(`VRMSpringBoneLoaderPlugin: Unknown ${ue.EXTENSION_NAME} specVersion "${p}"`),null;let d=(n=h.colliders)==null?void 0:n.map((f,m)=>{var g,v,x,R,M,_,y,S,T,P,A,N,W,de,he;let k=u[f.node];if(k==null)return console.warn(`VRMSpringBoneLoaderPlugin: The collider #${m} attempted to reference a node #${f.node} but not found. Skipping the collider`),null;let D=f.shape,K=(g=f.extensions)==null?void 0:g[mr];if(this.useExtendedColliders&&K!=null){let pe=K.specVersion;if(!Bo.has(pe))console.warn(`VRMSpringBoneLoaderPlugin: Unknown ${mr} specVersion "${pe}". Fallbacking to the ${ue.EXTENSION_NAME} definition`);else{let U=K.shape;if(U.sphere)return this._importSphereCollider(k,{offset:new C.Vector3().fromArray((v=U.sphere.offset)!=null?v:[0,0,0]),radius:(x=U.sphere.radius)!=null?x:0,inside:(R=U.sphere.inside)!=null?R:!1});if(U.capsule)return this._importCapsuleCollider(k,{offset:new C.Vector3().fromArray((M=U.capsule.offset)!=null?M:[0,0,0]),radius:(_=U.capsule.radius)!=null?_:0,tail:new C.Vector3().fromArray((y=U.capsule.tail)!=null?y:[0,0,0]),inside:(S=U.capsule.inside)!=null?S:!1});if(U.plane)return this._importPlaneCollider(k,{offset:new C.Vector3().fromArray((T=U.plane.offset)!=null?T:[0,0,0]),normal:new C.Vector3().fromArray((P=U.plane.normal)!=null?P:[0,0,1])})}}if(D.sphere)return this._importSphereCollider(k,{offset:new C.Vector3().fromArray((A=D.sphere.offset)!=null?A:[0,0,0]),radius:(N=D.sphere.radius)!=null?N:0,inside:!1});if(D.capsule)return this._importCapsuleCollider(k,{offset:new C.Vector3().fromArray((W=D.capsule.offset)!=null?W:[0,0,0]),radius:(de=D.capsule.radius)!=null?de:0,tail:new C.Vector3().fromArray((he=D.capsule.tail)!=null?he:[0,0,0]),inside:!1});console.warn(`VRMSpringBoneLoaderPlugin: The collider #${m} has no valid shape. Skipping the collider`)}),c=(o=h.colliderGroups)==null?void 0:o.map((f,m)=>{var g;return{colliders:((g=f.colliders)!=null?g:[]).map(v=>{let x=d?.[v];return x??(console.warn(`VRMSpringBoneLoaderPlugin: The collider group #${m} attempted to reference a collider #${v} but not found. Skipping the collider`),null)}).filter(v=>v!=null),name:f.name}});return(s=h.springs)==null||s.forEach((f,m)=>{var g;let v=f.joints,x=(g=f.colliderGroups)==null?void 0:g.map(_=>{let y=c?.[_];return y??(console.warn(`VRMSpringBoneLoaderPlugin: The spring #${m} attempted to reference a collider group #${_} but not found. Skipping the collider group`),null)}).filter(_=>_!=null),R=f.center!=null?u[f.center]:void 0,M;v.forEach(_=>{if(M){let y=M.node,S=u[y],T=_.node,P=u[T],A={hitRadius:M.hitRadius,dragForce:M.dragForce,gravityPower:M.gravityPower,stiffness:M.stiffness,gravityDir:M.gravityDir!=null?new C.Vector3().fromArray(M.gravityDir):void 0},N=this._importJoint(S,P,A,x);R&&(N.center=R),a.addJoint(N)}M=_})}),a.setInitState(),a})}_v0Import(t){return Ge(this,null,function*(){var i,r,n;let o=t.parser.json;if(((i=o.extensionsUsed)==null?void 0:i.indexOf("VRM"))===-1)return null;let s=(r=o.extensions)==null?void 0:r.VRM,l=s?.secondaryAnimation;if(!l)return null;let a=l?.boneGroups;if(!a)return null;let u=new Lt,h=yield t.parser.getDependencies("node"),p=(n=l.colliderGroups)==null?void 0:n.map((d,c)=>{var f;let m=h[d.node];return m==null?(console.warn(`VRMSpringBoneLoaderPlugin: The collider group #${c} attempted to reference a node #${d.node} but not found. Skipping the collider group`),null):{colliders:((f=d.colliders)!=null?f:[]).map((g,v)=>{var x,R,M;let _=new C.Vector3(0,0,0);return g.offset&&_.set((x=g.offset.x)!=null?x:0,(R=g.offset.y)!=null?R:0,g.offset.z?-g.offset.z:0),this._importSphereCollider(m,{offset:_,radius:(M=g.radius)!=null?M:0,inside:!1})})}});return a?.forEach((d,c)=>{let f=d.bones;f&&f.forEach(m=>{var g,v,x,R;let M=h[m];if(M==null){console.warn(`VRMSpringBoneLoaderPlugin: The spring bone group #${c} attempted to reference a node #${m} but not found. Skipping the node`);return}let _=new C.Vector3;d.gravityDir?_.set((g=d.gravityDir.x)!=null?g:0,(v=d.gravityDir.y)!=null?v:0,(x=d.gravityDir.z)!=null?x:0):_.set(0,-1,0);let y=d.center!=null?h[d.center]:void 0,S={hitRadius:d.hitRadius,dragForce:d.dragForce,gravityPower:d.gravityPower,stiffness:d.stiffiness,gravityDir:_},T=(R=d.colliderGroups)==null?void 0:R.map(P=>{let A=p?.[P];return A??(console.warn(`VRMSpringBoneLoaderPlugin: The spring #${c} attempted to reference a collider group #${P} but not found. Skipping the collider group`),null)}).filter(P=>P!=null);M.traverse(P=>{var A;let N=(A=P.children[0])!=null?A:null,W=this._importJoint(P,N,S,T);y&&(W.center=y),u.addJoint(W)})})}),t.scene.updateMatrixWorld(),u.setInitState(),u})}_importJoint(t,i,r,n){let o=new cr(t,i,r,n);if(this.jointHelperRoot){let s=new pr(o);this.jointHelperRoot.add(s),s.renderOrder=this.jointHelperRoot.renderOrder}return o}_importSphereCollider(t,i){let r=new St(i),n=new Qe(r);if(t.add(n),this.colliderHelperRoot){let o=new Ye(n);this.colliderHelperRoot.add(o),o.renderOrder=this.colliderHelperRoot.renderOrder}return n}_importCapsuleCollider(t,i){let r=new Rt(i),n=new Qe(r);if(t.add(n),this.colliderHelperRoot){let o=new Ye(n);this.colliderHelperRoot.add(o),o.renderOrder=this.colliderHelperRoot.renderOrder}return n}_importPlaneCollider(t,i){let r=new Pt(i),n=new Qe(r);if(t.add(n),this.colliderHelperRoot){let o=new Ye(n);this.colliderHelperRoot.add(o),o.renderOrder=this.colliderHelperRoot.renderOrder}return n}};fr.EXTENSION_NAME="VRMC_springBone";var gr=fr,Fo=class{get name(){return"VRMLoaderPlugin"}constructor(e,t){var i,r,n,o,s,l,a,u,h,p;this.parser=e;let d=t?.helperRoot,c=t?.autoUpdateHumanBones;this.expressionPlugin=(i=t?.expressionPlugin)!=null?i:new nt(e),this.firstPersonPlugin=(r=t?.firstPersonPlugin)!=null?r:new st(e),this.humanoidPlugin=(n=t?.humanoidPlugin)!=null?n:new pt(e,{helperRoot:d,autoUpdateHumanBones:c}),this.lookAtPlugin=(o=t?.lookAtPlugin)!=null?o:new _t(e,{helperRoot:d}),this.metaPlugin=(s=t?.metaPlugin)!=null?s:new vt(e),this.mtoonMaterialPlugin=(l=t?.mtoonMaterialPlugin)!=null?l:new qi(e),this.materialsHDREmissiveMultiplierPlugin=(a=t?.materialsHDREmissiveMultiplierPlugin)!=null?a:new qn(e),this.materialsV0CompatPlugin=(u=t?.materialsV0CompatPlugin)!=null?u:new ro(e),this.springBonePlugin=(h=t?.springBonePlugin)!=null?h:new gr(e,{colliderHelperRoot:d,jointHelperRoot:d}),this.nodeConstraintPlugin=(p=t?.nodeConstraintPlugin)!=null?p:new lr(e,{helperRoot:d})}beforeRoot(){return Ee(this,null,function*(){yield this.materialsV0CompatPlugin.beforeRoot(),yield this.mtoonMaterialPlugin.beforeRoot()})}loadMesh(e){return Ee(this,null,function*(){return yield this.mtoonMaterialPlugin.loadMesh(e)})}getMaterialType(e){let t=this.mtoonMaterialPlugin.getMaterialType(e);return t??null}extendMaterialParams(e,t){return Ee(this,null,function*(){yield this.materialsHDREmissiveMultiplierPlugin.extendMaterialParams(e,t),yield this.mtoonMaterialPlugin.extendMaterialParams(e,t)})}afterRoot(e){return Ee(this,null,function*(){yield this.metaPlugin.afterRoot(e),yield this.humanoidPlugin.afterRoot(e),yield this.expressionPlugin.afterRoot(e),yield this.lookAtPlugin.afterRoot(e),yield this.firstPersonPlugin.afterRoot(e),yield this.springBonePlugin.afterRoot(e),yield this.nodeConstraintPlugin.afterRoot(e),yield this.mtoonMaterialPlugin.afterRoot(e);let t=e.userData.vrmMeta,i=e.userData.vrmHumanoid;if(t&&i){let r=new ki({scene:e.scene,expressionManager:e.userData.vrmExpressionManager,firstPerson:e.userData.vrmFirstPerson,humanoid:i,lookAt:e.userData.vrmLookAt,meta:t,materials:e.userData.vrmMToonMaterials,springBoneManager:e.userData.vrmSpringBoneManager,nodeConstraintManager:e.userData.vrmNodeConstraintManager});e.userData.vrm=r}})}};import*as Ho from"./three.module.js";function ko(e){let t=new Set;return e.traverse(i=>{if(!i.isMesh)return;let r=i;t.add(r)}),t}function _r(e,t,i){if(t.size===1){let o=t.values().next().value;if(o.weight===1)return e[o.index]}let r=new Float32Array(e[0].count*3),n=0;if(i)n=1;else for(let o of t)n+=o.weight;for(let o of t){let s=e[o.index],l=o.weight/n;for(let a=0;a<s.count;a++)r[a*3+0]+=s.getX(a)*l,r[a*3+1]+=s.getY(a)*l,r[a*3+2]+=s.getZ(a)*l}return new Ho.BufferAttribute(r,3)}function Wo(e){var t;let i=ko(e.scene),r=new Map,n=(t=e.expressionManager)==null?void 0:t.expressionMap;if(n!=null)for(let[o,s]of Object.entries(n)){let l=new Set;for(let a of s.binds)if(a instanceof fe){if(a.weight!==0)for(let u of a.primitives){let h=r.get(u);h==null&&(h=new Map,r.set(u,h));let p=h.get(o);p==null&&(p=new Set,h.set(o,p)),p.add(a)}l.add(a)}for(let a of l)s.deleteBind(a)}for(let o of i){let s=r.get(o);if(s==null)continue;let l=o.geometry.morphAttributes;o.geometry.morphAttributes={};let a=o.geometry.clone();o.geometry=a;let u=a.morphTargetsRelative,h=l.position!=null,p=l.normal!=null,d={},c={},f=[];if(h||p){h&&(d.position=[]),p&&(d.normal=[]);let m=0;for(let[g,v]of s)h&&(d.position[m]=_r(l.position,v,u)),p&&(d.normal[m]=_r(l.normal,v,u)),n?.[g].addBind(new fe({index:m,weight:1,primitives:[o]})),c[g]=m,f.push(0),m++}a.morphAttributes=d,o.morphTargetDictionary=c,o.morphTargetInfluences=f}}import*as bt from"./three.module.js";import*as zo from"./three.module.js";function je(e,t,i){if(e.getComponent)return e.getComponent(t,i);{let r=e.array[t*e.itemSize+i];return e.normalized&&(r=zo.MathUtils.denormalize(r,e.array)),r}}import*as Go from"./three.module.js";function vr(e,t,i,r){e.setComponent?e.setComponent(t,i,r):(e.normalized&&(r=Go.MathUtils.normalize(r,e.array)),e.array[t*e.itemSize+i]=r)}function Xo(e){var t;let i=Yo(e),r=new Set;for(let p of i)r.has(p.geometry)&&(p.geometry=Jo(p.geometry)),r.add(p.geometry);let n=new Map;for(let p of r){let d=p.getAttribute("skinIndex"),c=(t=n.get(d))!=null?t:new Map;n.set(d,c);let f=p.getAttribute("skinWeight"),m=Qo(d,f);c.set(f,m)}let o=new Map;for(let p of i){let d=jo(p,n);o.set(p,d)}let s=[];for(let[p,d]of o){let c=!1;for(let f of s)if(qo(d,f.boneInverseMap)){c=!0,f.meshes.add(p);for(let[m,g]of d)f.boneInverseMap.set(m,g);break}c||s.push({boneInverseMap:d,meshes:new Set([p])})}let l=new Map,a=new It,u=new It,h=new It;for(let p of s){let{boneInverseMap:d,meshes:c}=p,f=Array.from(d.keys()),m=Array.from(d.values()),g=new bt.Skeleton(f,m),v=u.getOrCreate(g);for(let x of c){let R=x.geometry.getAttribute("skinIndex"),M=a.getOrCreate(R),_=x.skeleton.bones,y=_.map(P=>h.getOrCreate(P)).join(","),S=`${M};${v};${y}`,T=l.get(S);T==null&&(T=R.clone(),$o(T,_,f),l.set(S,T)),x.geometry.setAttribute("skinIndex",T)}for(let x of c)x.bind(g,new bt.Matrix4)}}function Yo(e){let t=new Set;return e.traverse(i=>{if(!i.isSkinnedMesh)return;let r=i;t.add(r)}),t}function Qo(e,t){let i=new Set;for(let r=0;r<e.count;r++)for(let n=0;n<e.itemSize;n++){let o=je(e,r,n);je(t,r,n)!==0&&i.add(o)}return i}function jo(e,t){let i=new Map,r=e.skeleton,n=e.geometry,o=n.getAttribute("skinIndex"),s=n.getAttribute("skinWeight"),l=t.get(o),a=l?.get(s);if(!a)throw new Error("Unreachable. attributeUsedIndexSetMap does not know the skin index attribute or the skin weight attribute.");for(let u of a)i.set(r.bones[u],r.boneInverses[u]);return i}function qo(e,t){for(let[i,r]of e.entries()){let n=t.get(i);if(n!=null&&!Zo(r,n))return!1}return!0}function $o(e,t,i){let r=new Map;for(let o of t)r.set(o,r.size);let n=new Map;for(let[o,s]of i.entries()){let l=r.get(s);n.set(l,o)}for(let o=0;o<e.count;o++)for(let s=0;s<e.itemSize;s++){let l=je(e,o,s),a=n.get(l);vr(e,o,s,a)}e.needsUpdate=!0}function Zo(e,t,i){if(i=i||1e-4,e.elements.length!=t.elements.length)return!1;for(let r=0,n=e.elements.length;r<n;r++)if(Math.abs(e.elements[r]-t.elements[r])>i)return!1;return!0}var It=class{constructor(){this._objectIndexMap=new Map,this._index=0}get(e){return this._objectIndexMap.get(e)}getOrCreate(e){let t=this._objectIndexMap.get(e);return t==null&&(t=this._index,this._objectIndexMap.set(e,t),this._index++),t}};function Jo(e){var t,i,r,n;let o=new bt.BufferGeometry;o.name=e.name,o.setIndex(e.index);for(let[s,l]of Object.entries(e.attributes))o.setAttribute(s,l);for(let[s,l]of Object.entries(e.morphAttributes)){let a=s;o.morphAttributes[a]=l.concat()}o.morphTargetsRelative=e.morphTargetsRelative,o.groups=[];for(let s of e.groups)o.addGroup(s.start,s.count,s.materialIndex);return o.boundingSphere=(i=(t=e.boundingSphere)==null?void 0:t.clone())!=null?i:null,o.boundingBox=(n=(r=e.boundingBox)==null?void 0:r.clone())!=null?n:null,o.drawRange.start=e.drawRange.start,o.drawRange.count=e.drawRange.count,o.userData=e.userData,o}function Mr(e){if(Object.values(e).forEach(t=>{t!=null&&t.isTexture&&t.dispose()}),e.isShaderMaterial){let t=e.uniforms;t&&Object.values(t).forEach(i=>{let r=i.value;r!=null&&r.isTexture&&r.dispose()})}e.dispose()}function Ko(e){let t=e.geometry;t&&t.dispose();let i=e.skeleton;i&&i.dispose();let r=e.material;r&&(Array.isArray(r)?r.forEach(n=>Mr(n)):r&&Mr(r))}function ea(e){e.traverse(Ko)}import*as xr from"./three.module.js";function ta(e,t){var i,r;console.warn("VRMUtils.removeUnnecessaryJoints: removeUnnecessaryJoints is deprecated. Use combineSkeletons instead. combineSkeletons contributes more to the performance improvement. This function will be removed in the next major version.");let n=(i=t?.experimentalSameBoneCounts)!=null?i:!1,o=[];e.traverse(a=>{a.type==="SkinnedMesh"&&o.push(a)});let s=new Map,l=0;for(let a of o){let u=a.geometry.getAttribute("skinIndex");if(s.has(u))continue;let h=new Map,p=new Map;for(let d=0;d<u.count;d++)for(let c=0;c<u.itemSize;c++){let f=je(u,d,c),m=h.get(f);m==null&&(m=h.size,h.set(f,m),p.set(m,f)),vr(u,d,c,m)}u.needsUpdate=!0,s.set(u,p),l=Math.max(l,h.size)}for(let a of o){let u=a.geometry.getAttribute("skinIndex"),h=s.get(u),p=[],d=[],c=n?l:h.size;for(let m=0;m<c;m++){let g=(r=h.get(m))!=null?r:0;p.push(a.skeleton.bones[g]),d.push(a.skeleton.boneInverses[g])}let f=new xr.Skeleton(p,d);a.bind(f,new xr.Matrix4)}}import*as we from"./three.module.js";import{BufferAttribute as Ut}from"./three.module.js";function ia(e,t){let i=e.position.count,r=new Array(i),n=0,o=t.array;for(let s=0;s<o.length;s++){let l=o[s];r[l]||(r[l]=!0,n++)}return{isVertexUsed:r,vertexCount:i,verticesUsed:n}}function ra(e){let t=[],i=[],r=0;for(let n=0;n<e.length;n++)if(e[n]){let o=r++;t[n]=o,i[o]=n}return{originalIndexNewIndexMap:t,newIndexOriginalIndexMap:i}}function na(e,t){var i,r,n,o;t.name=e.name,t.morphTargetsRelative=e.morphTargetsRelative,e.groups.forEach(s=>{t.addGroup(s.start,s.count,s.materialIndex)}),t.boundingBox=(r=(i=e.boundingBox)==null?void 0:i.clone())!=null?r:null,t.boundingSphere=(o=(n=e.boundingSphere)==null?void 0:n.clone())!=null?o:null,t.setDrawRange(e.drawRange.start,e.drawRange.count),t.userData=e.userData}function oa(e,t,i){let r=t.array,n=new r.constructor(r.length);for(let o=0;o<r.length;o++){let s=r[o];n[o]=i[s]}e.setIndex(new Ut(n,t.itemSize,t.normalized))}function qe(e,t,i){let r=e.constructor,n=new r(t.length*i),o=!0;for(let s=0;s<t.length;s++){let l=t[s]*i,a=s*i;for(let u=0;u<i;u++){let h=e[l+u];n[a+u]=h,o=o&&h===0}}return[n,o]}function aa(e){var t;let i=new Map,r=[];for(let[n,o]of Object.entries(e))if(o.isInterleavedBufferAttribute){let s=o,l=s.data,a=(t=i.get(l))!=null?t:[];i.set(l,a),a.push([n,s])}else{let s=o;r.push([n,s])}return[i,r]}function sa(e,t,i){let[r,n]=aa(t);for(let[o,s]of r){let l=o.array,{stride:a}=o,[u,h]=qe(l,i,a),p=new we.InterleavedBuffer(u,a);p.setUsage(o.usage);for(let[d,c]of s){let{itemSize:f,offset:m,normalized:g}=c,v=new we.InterleavedBufferAttribute(p,f,m,g);e.setAttribute(d,v)}}for(let[o,s]of n){let l=s.array,{itemSize:a,normalized:u}=s,[h,p]=qe(l,i,a);e.setAttribute(o,new Ut(h,a,u))}}function la(e){var t;let i=new Map,r=[];for(let[n,o]of Object.entries(e)){let s=n;for(let l=0;l<o.length;l++){let a=o[l];if(a.isInterleavedBufferAttribute){let u=a,h=u.data,p=(t=i.get(h))!=null?t:[];i.set(h,p),p.push([s,l,u])}else{let u=a;r.push([s,l,u])}}}return[i,r]}function ua(e,t,i){var r,n;let o=!0,[s,l]=la(t),a={};for(let[u,h]of s){let p=u.array,{stride:d}=u,[c,f]=qe(p,i,d);o=o&&f;let m=new we.InterleavedBuffer(c,d);m.setUsage(u.usage);for(let[g,v,x]of h){let{itemSize:R,offset:M,normalized:_}=x,y=new we.InterleavedBufferAttribute(m,R,M,_);(r=a[g])!=null||(a[g]=[]),a[g][v]=y}}for(let[u,h,p]of l){let d=p,c=d.array,{itemSize:f,normalized:m}=d,[g,v]=qe(c,i,f);o=o&&v,(n=a[u])!=null||(a[u]=[]),a[u][h]=new Ut(g,f,m)}e.morphAttributes=o?{}:a}function da(e){let t=new Map;e.traverse(i=>{if(!i.isMesh)return;let r=i,n=r.geometry,o=n.index;if(o==null)return;let s=t.get(n);if(s!=null){r.geometry=s;return}let{isVertexUsed:l,vertexCount:a,verticesUsed:u}=ia(n.attributes,o);if(u===a)return;let{originalIndexNewIndexMap:h,newIndexOriginalIndexMap:p}=ra(l),d=new we.BufferGeometry;na(n,d),t.set(n,d),oa(d,o,h),sa(d,n.attributes,p),ua(d,n.morphAttributes,p),r.geometry=d}),Array.from(t.keys()).forEach(i=>{i.dispose()})}function ha(e){var t;((t=e.meta)==null?void 0:t.metaVersion)==="0"&&(e.scene.rotation.y=Math.PI)}var J=class{constructor(){}};J.combineMorphs=Wo,J.combineSkeletons=Xo,J.deepDispose=ea,J.removeUnnecessaryJoints=ta,J.removeUnnecessaryVertices=da,J.rotateVRM0=ha;/*!
 * @pixiv/three-vrm-core v3.5.5
 * The implementation of core features of VRM, for @pixiv/three-vrm
 *
 * Copyright (c) 2019-2026 pixiv Inc.
 * @pixiv/three-vrm-core is distributed under MIT License
 * https://github.com/pixiv/three-vrm/blob/release/LICENSE
 *//*!
 * @pixiv/three-vrm-materials-mtoon v3.5.5
 * MToon (toon material) module for @pixiv/three-vrm
 *
 * Copyright (c) 2019-2026 pixiv Inc.
 * @pixiv/three-vrm-materials-mtoon is distributed under MIT License
 * https://github.com/pixiv/three-vrm/blob/release/LICENSE
 *//*!
 * @pixiv/three-vrm-materials-hdr-emissive-multiplier v3.5.5
 * Support VRMC_hdr_emissiveMultiplier for @pixiv/three-vrm
 *
 * Copyright (c) 2019-2026 pixiv Inc.
 * @pixiv/three-vrm-materials-hdr-emissive-multiplier is distributed under MIT License
 * https://github.com/pixiv/three-vrm/blob/release/LICENSE
 *//*!
 * @pixiv/three-vrm-materials-v0compat v3.5.5
 * VRM0.0 materials compatibility layer plugin for @pixiv/three-vrm
 *
 * Copyright (c) 2019-2026 pixiv Inc.
 * @pixiv/three-vrm-materials-v0compat is distributed under MIT License
 * https://github.com/pixiv/three-vrm/blob/release/LICENSE
 *//*!
 * @pixiv/three-vrm-node-constraint v3.5.5
 * Node constraint module for @pixiv/three-vrm
 *
 * Copyright (c) 2019-2026 pixiv Inc.
 * @pixiv/three-vrm-node-constraint is distributed under MIT License
 * https://github.com/pixiv/three-vrm/blob/release/LICENSE
 *//*!
 * @pixiv/three-vrm-springbone v3.5.5
 * Spring bone module for @pixiv/three-vrm
 *
 * Copyright (c) 2019-2026 pixiv Inc.
 * @pixiv/three-vrm-springbone is distributed under MIT License
 * https://github.com/pixiv/three-vrm/blob/release/LICENSE
 */export{Qi as MToonMaterial,Yi as MToonMaterialDebugMode,qi as MToonMaterialLoaderPlugin,xt as MToonMaterialOutlineWidthMode,ki as VRM,rr as VRMAimConstraint,Mt as VRMCore,Vn as VRMCoreLoaderPlugin,et as VRMExpression,nt as VRMExpressionLoaderPlugin,tt as VRMExpressionManager,it as VRMExpressionMaterialColorBind,ie as VRMExpressionMaterialColorType,fe as VRMExpressionMorphTargetBind,hn as VRMExpressionOverrideType,Ae as VRMExpressionPresetName,rt as VRMExpressionTextureTransformBind,at as VRMFirstPerson,st as VRMFirstPersonLoaderPlugin,cn as VRMFirstPersonMeshAnnotationType,Le as VRMHumanBoneList,fn as VRMHumanBoneName,Si as VRMHumanBoneParentMap,ht as VRMHumanoid,lt as VRMHumanoidHelper,pt as VRMHumanoidLoaderPlugin,Fo as VRMLoaderPlugin,Hi as VRMLookAt,_e as VRMLookAtBoneApplier,Ue as VRMLookAtExpressionApplier,Ci as VRMLookAtHelper,_t as VRMLookAtLoaderPlugin,gt as VRMLookAtRangeMap,In as VRMLookAtTypeName,vt as VRMMetaLoaderPlugin,De as VRMNodeConstraint,Ce as VRMNodeConstraintHelper,lr as VRMNodeConstraintLoaderPlugin,nr as VRMNodeConstraintManager,Li as VRMRequiredHumanBoneName,ar as VRMRollConstraint,or as VRMRotationConstraint,Qe as VRMSpringBoneCollider,Ye as VRMSpringBoneColliderHelper,Xe as VRMSpringBoneColliderShape,Rt as VRMSpringBoneColliderShapeCapsule,Pt as VRMSpringBoneColliderShapePlane,St as VRMSpringBoneColliderShapeSphere,cr as VRMSpringBoneJoint,pr as VRMSpringBoneJointHelper,gr as VRMSpringBoneLoaderPlugin,Lt as VRMSpringBoneManager,J as VRMUtils};
